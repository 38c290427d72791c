// Prices a book of European options twice: by Monte Carlo, on every node of a cluster, and by the formula of Black and
// Scholes. Every trade has a seed of its own and the results are added in the order of the book, so the total is the
// same to the last digit for any number of nodes, whatever dies on the way.
//   options --trades 1000 --shocks 100000 --seed 7           the totals
//   options --list                                           and every trade with its prices
// Four trades of the book are bad on purpose: three that the pricer refuses and one that crashes its process. They are
// named at the end, and the exit code is 3. (With --inline that process is the whole program.)
#include <dist/dist.hpp>

#include <boost/program_options.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <random>
#include <ranges>

namespace {

/// The right to buy (call) or to sell (put) at `strike` in some years.
struct trade {
  double spot = 0;
  double strike = 0;
  double years = 0;
  double rate = 0;
  double volatility = 0;
  std::uint64_t seed = 0;
};
BOOST_DESCRIBE_STRUCT(trade, (), (spot, strike, years, rate, volatility, seed))

struct price {
  double call = 0;
  double put = 0;
  double forward = 0;   ///< what the share itself is worth on the same paths, today
  double variance = 0;  ///< of `call`, the square of its standard error
};
BOOST_DESCRIBE_STRUCT(price, (), (call, put, forward, variance))

struct Pricer {
  price simulate(dist::context ctx, trade const& t, std::int64_t shocks) const {
    if (!(t.spot > 0)) throw std::invalid_argument("the spot must be positive");
    if (!(t.years > 0)) throw std::invalid_argument("the option has expired");
    if (!(t.volatility > 0)) throw std::invalid_argument("the volatility must be positive");
    if (t.strike < 0) std::abort();  // as a library does that trusts its input
    std::mt19937_64 generator(t.seed);
    std::normal_distribution<> shock;
    auto const drift = (t.rate - t.volatility * t.volatility / 2) * t.years;
    auto const spread = t.volatility * std::sqrt(t.years);
    double calls = 0, squares = 0, puts = 0, ends = 0;
    for (std::int64_t i = 0; i < shocks; ++i) {
      if (i % 65'536 == 0) ctx.throw_if_cancelled();
      auto const end = t.spot * std::exp(drift + spread * shock(generator));
      auto const gain = std::max(end - t.strike, 0.0);
      calls += gain;
      squares += gain * gain;
      puts += std::max(t.strike - end, 0.0);
      ends += end;
    }
    auto const n = static_cast<double>(shocks);
    auto const discount = std::exp(-t.rate * t.years);
    auto const variance = discount * discount * (squares / n - calls / n * calls / n) / n;
    return {discount * calls / n, discount * puts / n, discount * ends / n, std::max(variance, 0.0)};
  }
};
BOOST_DESCRIBE_STRUCT(Pricer, (), (simulate))

double normal_below(double x) { return std::erfc(-x / std::sqrt(2.0)) / 2; }

/// The same by Black and Scholes.
price closed_form(trade const& t) {
  auto const spread = t.volatility * std::sqrt(t.years);
  auto const d1 = std::log(t.spot / t.strike) / spread + t.rate * t.years / spread + spread / 2;
  auto const discounted = t.strike * std::exp(-t.rate * t.years);
  return {t.spot * normal_below(d1) - discounted * normal_below(d1 - spread),
          discounted * normal_below(spread - d1) - t.spot * normal_below(-d1), t.spot, 0};
}

/// A call and a put of one strike are worth the share less the strike; how far from it these are, in parts of the
/// share.
double parity_gap(trade const& t, price const& p) {
  return std::abs(p.call - p.put - (p.forward - t.strike * std::exp(-t.rate * t.years))) / t.spot;
}

struct book {
  std::size_t trades = 0;
  std::int64_t shocks = 0;
  std::uint64_t seed = 0;
  bool listed = false;

  /// Always the same one for its number, from 0.
  trade at(std::size_t number) const {
    std::seed_seq mix{seed & 0xffffffff, seed >> 32, std::uint64_t{number} & 0xffffffff, std::uint64_t{number} >> 32};
    std::mt19937_64 generator(mix);
    auto const between = [&](double least, double most) {
      return least + (most - least) * static_cast<double>(generator() >> 11) * 0x1p-53;
    };
    trade made;
    made.spot = between(50, 150);
    made.strike = made.spot * between(0.85, 1.15);
    made.years = between(0.25, 2);
    made.rate = between(0, 0.05);
    made.volatility = between(0.15, 0.5);
    made.seed = generator();
    if (number == trades / 5) made.volatility = -made.volatility;
    if (number == trades * 2 / 5) made.spot = 0;
    if (number == trades * 3 / 5) made.years = -made.years;
    if (number == trades * 4 / 5) made.strike = -made.strike;
    return made;
  }
};

struct totals {
  std::size_t count = 0;
  double simulated = 0;
  double variance = 0;
  double closed = 0;
  double worst_gap = 0;
  std::size_t beyond = 0;  ///< trades that are more than three standard errors off
  void add(trade const& t, price const& got) {
    auto const right = closed_form(t);
    ++count;
    simulated += got.call;
    variance += got.variance;
    closed += right.call;
    worst_gap = std::max({worst_gap, parity_gap(t, got), parity_gap(t, right)});
    beyond += std::abs(got.call - right.call) > 3 * std::sqrt(got.variance) ? 1 : 0;
  }
};

book read_flags(std::vector<std::string> const& arguments) {
  namespace po = boost::program_options;
  book made;
  po::options_description known;
  known.add_options()("trades", po::value(&made.trades)->default_value(1'000));
  known.add_options()("shocks", po::value(&made.shocks)->default_value(100'000));
  known.add_options()("seed", po::value(&made.seed)->default_value(1))("list", po::bool_switch(&made.listed));
  try {
    po::variables_map values;
    po::store(po::command_line_parser(arguments).options(known).positional({}).run(), values);
    po::notify(values);
    if (made.trades < 5 || made.trades > 1'000'000) throw po::error("--trades must be from 5 to 1000000");
    if (made.shocks < 100) throw po::error("--shocks must be at least 100");
  } catch (po::error const& error) {
    throw dist::usage_error(std::string(error.what()) +
                            "; this program's own flags: --trades N, --shocks M, --seed S, --list");
  }
  return made;
}

void list(std::size_t number, trade const& t, price const& p) {
  std::cout << std::setprecision(17) << "trade " << number << ": spot " << t.spot << " strike " << t.strike << " years "
            << t.years << " rate " << t.rate << " volatility " << t.volatility << " call " << p.call << " put " << p.put
            << " error " << std::sqrt(p.variance) << '\n';
}

void print(totals const& sum) {
  auto const error = std::sqrt(sum.variance);
  std::cout << std::setprecision(17) << "Monte Carlo " << sum.simulated << "\nclosed form " << sum.closed
            << std::setprecision(3) << "\nstandard error " << error << ", off by "
            << std::abs(sum.simulated - sum.closed) / error << " of them\nmore than three off: " << sum.beyond << " of "
            << sum.count << " trades\nworst gap in put-call parity " << sum.worst_gap << '\n';
}

dist::task<int> job(dist::cluster& cluster, std::vector<std::string> arguments) {
  auto const all = read_flags(arguments);
  auto const input = [all](std::size_t number) { return std::tuple(all.at(number), all.shocks); };
  auto const inputs = std::views::iota(std::size_t{0}, all.trades) | std::views::transform(input);
  auto const how = dist::fan_out().max_failures(10).progress("pricing");  // with more, something else is wrong
  auto pricing = dist::collect<&Pricer::simulate>(cluster, inputs, how);
  auto const priced = co_await std::move(pricing);

  totals sum;
  for (std::size_t number = 0; number < all.trades; ++number) {
    auto const& one = priced.values[number];
    if (!one) continue;
    sum.add(all.at(number), *one);
    if (all.listed) list(number, all.at(number), *one);
  }
  print(sum);
  for (auto const& one : priced.failures) {
    std::cout << "failed: trade " << one.index << ", " << dist::to_text(one.what.code) << '\n';
    std::cerr << dist::to_text(one) << '\n';
  }
  co_return priced.failures.empty() ? 0 : 3;  // 3: done, with failed items
}

}  // namespace

int main(int argc, char** argv) { return dist::run(argc, argv, dist::services<Pricer>(), job); }
