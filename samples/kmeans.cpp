// Finds the centres of clusters of points (Lloyd's k-means): in each iteration the nodes assign their blocks of points
// to the nearest centre, and what comes back is a sum for each centre, never a point. The blocks and the order in which
// their sums are added do not depend on the nodes: the result is the same to the last digit on any number of them.
//   kmeans --points 1000000 --clusters 10 --dimensions 3 --seed 1
//   kmeans --master :3000 ...                                    on nodes elsewhere
// The points come from the seed, each block where it is first needed; replace this with your way of reading a block.
#include <dist/dist.hpp>

#include <boost/program_options.hpp>

#include <iomanip>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <ranges>
#include <span>

namespace {

using vector = std::vector<double>;  // points or centres, one after the other

/// Which points: together with its borders it names a block.
struct source {
  std::uint64_t seed = 1;
  std::int64_t points = 1'000'000;
  int clusters = 10;
  int dimensions = 3;
  friend auto operator<=>(source const&, source const&) = default;
};
BOOST_DESCRIBE_STRUCT(source, (), (seed, points, clusters, dimensions))

/// The contribution of a block to an iteration.
struct sums {
  vector points;                     ///< the sum of the points of each centre
  std::vector<std::int64_t> counts;  ///< and their number
  double spread = 0;                 ///< the sum of all squared distances to the nearest centre
};
BOOST_DESCRIBE_STRUCT(sums, (), (points, counts, spread))

sums no_sums(source const& from) {
  auto const count = static_cast<std::size_t>(from.clusters);
  return {vector(count * static_cast<std::size_t>(from.dimensions)), std::vector<std::int64_t>(count), 0};
}

sums add(sums total, sums const& more) {
  for (std::size_t i = 0; i < total.points.size(); ++i) total.points[i] += more.points[i];
  for (std::size_t i = 0; i < total.counts.size(); ++i) total.counts[i] += more.counts[i];
  total.spread += more.spread;
  return total;
}

/// A number from 0 to 1 for each index (the finalizer of splitmix64).
double random_at(std::uint64_t seed, std::uint64_t index) {
  auto z = seed * 0xd1342543de82ef95 + index * 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return static_cast<double>((z ^ z >> 31) >> 11) * 0x1p-53;
}

/// Points number [first, last). Each lies near one of the true centres, which are in a cube of side 100.
vector make_block(source const& from, std::int64_t first, std::int64_t last) {
  vector made;
  auto const width = static_cast<std::uint64_t>(from.dimensions);
  for (auto n = static_cast<std::uint64_t>(first); n < static_cast<std::uint64_t>(last); ++n) {
    auto const near = static_cast<std::uint64_t>(random_at(from.seed, n) * from.clusters);
    for (std::uint64_t d = 0; d < width; ++d) {
      auto const at = random_at(from.seed + 1, near * width + d) * 100;
      auto const off = random_at(from.seed + 2, n * width + d) + random_at(from.seed + 3, n * width + d) - 1;
      made.push_back(at + 20 * off);
    }
  }
  return made;
}

class Points {
 public:
  sums assign(dist::context ctx, source const& from, std::span<double const> centres, std::int64_t first,
              std::int64_t last) const {
    auto const block = get_block(from, first, last);
    auto const width = static_cast<std::size_t>(from.dimensions);
    auto made = no_sums(from);
    for (std::size_t at = 0; at < block->size(); at += width) {
      if (at % (1'024 * width) == 0) ctx.throw_if_cancelled();
      std::span const point(block->data() + at, width);
      auto const [centre, distance] = find_nearest(centres, point);
      for (std::size_t d = 0; d < width; ++d) made.points[centre * width + d] += point[d];
      ++made.counts[centre];
      made.spread += distance;
    }
    return made;
  }

 private:
  static std::pair<std::size_t, double> find_nearest(std::span<double const> centres, std::span<double const> point) {
    std::pair best(std::size_t{0}, std::numeric_limits<double>::infinity());
    for (std::size_t k = 0; k < centres.size() / point.size(); ++k) {
      double distance = 0;
      for (std::size_t d = 0; d < point.size(); ++d) {
        auto const off = point[d] - centres[k * point.size() + d];
        distance += off * off;
      }
      if (distance < best.second) best = {k, distance};
    }
    return best;
  }

  /// Made once, and kept for the next iteration. Two calls that ask for one block at once may both make it.
  std::shared_ptr<vector const> get_block(source const& from, std::int64_t first, std::int64_t last) const {
    auto const key = std::tuple(from, first, last);
    {
      std::lock_guard const lock(mutex_);
      if (auto const known = blocks_.find(key); known != blocks_.end()) return known->second;
    }
    auto const made = std::make_shared<vector const>(make_block(from, first, last));
    std::lock_guard const lock(mutex_);
    return blocks_.emplace(key, made).first->second;
  }

  mutable std::mutex mutex_;
  mutable std::map<std::tuple<source, std::int64_t, std::int64_t>, std::shared_ptr<vector const>> blocks_;
};
BOOST_DESCRIBE_STRUCT(Points, (), (assign))

/// The mean of the points assigned to each centre. A centre without points stays where it is.
vector middles(sums const& total, vector centres) {
  auto const width = centres.size() / total.counts.size();
  for (std::size_t i = 0; i < centres.size(); ++i)
    if (auto const count = total.counts[i / width]) centres[i] = total.points[i] / static_cast<double>(count);
  return centres;
}

struct settings {
  source from;
  int iterations = 100;
  std::int64_t block = 10'000;
};

settings read_flags(std::vector<std::string> const& arguments) {
  namespace po = boost::program_options;
  settings read;
  po::options_description known;
  known.add_options()("points", po::value(&read.from.points))("clusters", po::value(&read.from.clusters));
  known.add_options()("dimensions", po::value(&read.from.dimensions))("seed", po::value(&read.from.seed));
  known.add_options()("iterations", po::value(&read.iterations))("block", po::value(&read.block));
  try {
    po::variables_map values;
    po::store(po::command_line_parser(arguments).options(known).positional({}).run(), values);
    po::notify(values);
    auto const& from = read.from;
    if (from.clusters < 1 || from.clusters > 10'000) throw po::error("--clusters must be from 1 to 10000");
    if (from.dimensions < 1 || from.dimensions > 1'000) throw po::error("--dimensions must be from 1 to 1000");
    if (from.points < from.clusters || from.points > 1'000'000'000)
      throw po::error("--points must be from --clusters to 1000000000");
    if (read.iterations < 1) throw po::error("--iterations must be at least 1");
    if (read.block < 1) throw po::error("--block must be at least 1");
  } catch (po::error const& error) {
    throw dist::usage_error(std::string(error.what()) + "; this program's own flags: --points N, --clusters K, " +
                            "--dimensions D, --seed S, --iterations I, --block POINTS");
  }
  return read;
}

void print(sums const& total, vector const& centres) {
  auto const width = centres.size() / total.counts.size();
  for (std::size_t k = 0; k < total.counts.size(); ++k) {
    std::cout << "centre";
    for (std::size_t d = 0; d < width; ++d) std::cout << ' ' << centres[k * width + d];
    std::cout << ": " << total.counts[k] << " points\n";
  }
}

dist::task<void> job(dist::cluster& cluster, std::vector<std::string> arguments) {
  auto const given = read_flags(arguments);
  auto const from = given.from;
  auto centres = make_block(from, 0, from.clusters);  // to begin with, the first points
  std::cout << std::setprecision(17);
  for (int iteration = 1;; ++iteration) {
    auto const inputs =
        dist::chunks(std::int64_t{0}, from.points, given.block) | std::views::transform([&](auto const& block) {
          return std::tuple(from, std::span<double const>(centres), block.first, block.last);
        });
    auto assigning = dist::map_reduce<&Points::assign>(cluster, inputs, no_sums(from), add);
    auto const total = co_await std::move(assigning);
    std::cout << "iteration " << iteration << ": spread " << total.spread << std::endl;
    auto const next = middles(total, centres);
    if (next == centres || iteration == given.iterations) co_return print(total, centres);
    centres = next;
  }
}

}  // namespace

int main(int argc, char** argv) { return dist::run(argc, argv, dist::services<Points>(), job); }
