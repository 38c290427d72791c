// Counts binary palindromes, the numbers that read the same from both ends when written in binary, on every node of a
// cluster:
//   palindrome --n 1000000                      once, here
//   palindrome --master :3000 --serve :3001     for HTTP clients: curl 'localhost:3001/palindrom?n=2000'
#include <dist/dist.hpp>
#include <dist/rpc/http_server.hpp>

#include <boost/program_options.hpp>

#include <algorithm>
#include <charconv>
#include <functional>
#include <iostream>
#include <numeric>

using std::chrono_literals::operator""s;

namespace {

struct range {  // half-open: [start, end)
  std::int64_t start = 0;
  std::int64_t end = 0;
};
BOOST_DESCRIBE_STRUCT(range, (), (start, end))

struct Arith {
  std::int64_t sum(std::vector<std::int64_t> const& values) const {
    return std::accumulate(values.begin(), values.end(), std::int64_t{0});
  }
};
BOOST_DESCRIBE_STRUCT(Arith, (), (sum))

struct Palindrom {
  bool check(std::int64_t number) const {
    std::uint64_t reversed = 0;
    for (auto rest = static_cast<std::uint64_t>(number); rest != 0; rest >>= 1) reversed = reversed << 1 | (rest & 1);
    return number >= 0 && reversed == static_cast<std::uint64_t>(number);
  }
  std::int64_t check_n(range numbers) const {
    std::int64_t count = 0;
    for (auto n = numbers.start; n < numbers.end; ++n) count += check(n) ? 1 : 0;
    return count;
  }
};
BOOST_DESCRIBE_STRUCT(Palindrom, (), (check, check_n))

/// How many there are from 0 to `n`, inclusive.
dist::task<std::int64_t> count_palindromes(dist::cluster cluster, std::int64_t n, dist::fan_out how) {
  // A shard takes some milliseconds, so that the way to the node costs little; but there are 64 or more as soon as
  // there is work for them, so that every slot has something to do until the end.
  auto const shard = std::clamp<std::int64_t>((n + 1) / 64, 1'000, 250'000);
  auto const shards = dist::chunks(std::int64_t{0}, n + 1, shard);
  return dist::map_reduce<&Palindrom::check_n>(cluster, shards, std::int64_t{0}, std::plus<>(), std::move(how));
}

constexpr std::int64_t largest_n = 1'000'000'000'000'000;

std::optional<std::int64_t> find_number(std::string_view text) {
  std::int64_t n = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || end != text.data() + text.size() || n < 0 || n > largest_n) return std::nullopt;
  return n;
}

std::string refusal_of_n(std::string_view name, std::string_view text) {
  return std::string(name) + " must be a whole number from 0 to " + std::to_string(largest_n) + ", not '" + std::string(text) + "'";
}

// The HTTP side: `/sum` and `/palindrom?n=X`.

dist::call_options const patience = dist::call_options().wait_for_node(10s);

dist::task<dist::http_response> answer_sum(dist::cluster cluster) {
  auto& chance = cluster.caller().world().entropy;
  std::vector<std::int64_t> values(3);
  for (auto& value : values) value = static_cast<std::int64_t>(chance.below(1'000'000'000'000));
  auto call = dist::go<&Arith::sum>(cluster, values, patience);
  auto const sum = co_await std::move(call);
  auto const address = cluster.address_of(call.node().value_or(""));
  co_return dist::http_response(200, "Response from " + address + ": " + std::to_string(sum) + "\n");
}

dist::task<dist::http_response> answer_palindrom(dist::cluster cluster, std::string text) {
  auto const n = find_number(text);
  if (!n) co_return dist::http_response(400, refusal_of_n("n", text) + "\n");
  auto count = count_palindromes(cluster, *n, dist::fan_out().each(patience));
  auto const found = co_await std::move(count);
  co_return dist::http_response(200,
                                "Palindrom counter to " + std::to_string(*n) + ": " + std::to_string(found) + "\n");
}

dist::task<dist::http_response> answer(dist::cluster cluster, dist::http_request request) {
  try {
    if (request.path == "/sum") co_return co_await answer_sum(cluster);
    if (request.path == "/palindrom" || request.path == "/palindrome") {
      std::string const n(request.find_query("n").value_or(""));
      co_return co_await answer_palindrom(cluster, n);
    }
    co_return dist::http_response(404, "not found; use /sum or /palindrom?n=2000\n");
  } catch (dist::call_error const& error) {
    if (error.code() != dist::errc::no_node) throw;  // the server answers 500 and says why
    co_return dist::http_response(503, "no node joined within 10 s: start one with --join\n");
  }
}

dist::task<void> serve(dist::cluster cluster, dist::address at) {
  auto handler = [cluster](dist::http_request request) { return answer(cluster, std::move(request)); };
  dist::http_server server(cluster.caller().world(), std::move(at), handler);
  std::cout << "listening on " << dist::to_text(server.local_address()) << ": /sum and /palindrom?n=2000" << std::endl;
  co_await server.run();
}

struct flags {
  std::string n;
  std::string serve;
};

flags read_flags(std::vector<std::string> const& arguments) {
  namespace po = boost::program_options;
  flags read;
  po::options_description known;
  known.add_options()("n", po::value(&read.n)->default_value("1000000"))("serve", po::value(&read.serve));
  try {
    po::variables_map values;
    po::store(po::command_line_parser(arguments).options(known).positional({}).run(), values);
    po::notify(values);
  } catch (po::error const& error) {
    throw dist::usage_error(std::string(error.what()) + "; this program's own flags: --n N, --serve ADDRESS");
  }
  return read;
}

dist::task<void> job(dist::cluster& cluster, std::vector<std::string> arguments) {
  auto const given = read_flags(arguments);
  if (!given.serve.empty()) {
    auto at = dist::parse_address(given.serve);
    if (!at) throw dist::usage_error("--serve: " + at.error().message);
    co_return co_await serve(cluster, *at);
  }
  auto const n = find_number(given.n);
  if (!n) throw dist::usage_error(refusal_of_n("--n", given.n));
  auto count = count_palindromes(cluster, *n, dist::fan_out().progress("counting"));
  auto const found = co_await std::move(count);
  std::cout << "binary palindromes in [0, " << *n << "]: " << found << '\n';
}

}  // namespace

int main(int argc, char** argv) { return dist::run(argc, argv, dist::services<Arith, Palindrom>(), job); }
