// Finds the word of a list that is nearest to another one: the fewest letters to insert, delete or change
// (Levenshtein's distance, in bytes). The list lies in shards on the nodes of a cluster. An answer comes within 50 ms,
// whatever the nodes do: it names the shards that are missing in it, and is the right one for all others.
//   nearest --serve :3001                        here; then: curl 'localhost:3001/nearest?word=helo'
// Each shard on nodes of its own, which are started with its label; a second node of a shard stands in for the first:
//   nearest --master :3000 --shards 2 --by-label --serve :3001
//   nearest --join :3000 --label shard=0
//   nearest --join :3000 --label shard=1
#include <dist/dist.hpp>
#include <dist/rpc/http_server.hpp>

#include <boost/json.hpp>
#include <boost/program_options.hpp>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <map>
#include <mutex>
#include <numeric>

namespace {

namespace po = boost::program_options;

struct match {
  int distance = 0;
  std::int64_t line = 0;  ///< of two words that are as near, the one that comes first in the list wins
  std::string word;
  friend auto operator<=>(match const&, match const&) = default;
};
BOOST_DESCRIBE_STRUCT(match, (), (distance, line, word))

/// The distance, or anything above `most` where it is greater than that.
int distance(std::string_view a, std::string_view b, int most) {
  std::vector<int> above(b.size() + 1);
  std::iota(above.begin(), above.end(), 0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    auto corner = std::exchange(above[0], static_cast<int>(i) + 1);
    auto least = above[0];
    for (std::size_t j = 0; j < b.size(); ++j) {
      auto const changed = corner + (a[i] == b[j] ? 0 : 1);
      corner = above[j + 1];
      above[j + 1] = std::min({changed, corner + 1, above[j] + 1});
      least = std::min(least, above[j + 1]);
    }
    if (least > most) return least;
  }
  return above.back();
}

/// Line n of the file belongs to shard n modulo `shards`. A node reads the shards that it is asked for, once.
class Words {
 public:
  explicit Words(std::string file) : file_(std::move(file)) { open(); }

  std::optional<match> nearest(dist::context ctx, std::string const& word, int shard, int shards) const {
    std::optional<match> best;
    auto most = std::numeric_limits<int>::max();
    std::int64_t line = shard;
    for (auto const& candidate : get_shard(shard, shards)) {
      if (line % 1'024 == shard) ctx.throw_if_cancelled();
      if (auto const d = distance(word, candidate, most); !best || d < most) best = match{most = d, line, candidate};
      line += shards;
    }
    return best;
  }

 private:
  using shard_words = std::vector<std::string>;

  std::ifstream open() const {
    std::ifstream in(file_);
    if (!in) throw std::runtime_error("cannot read " + file_ + ": give a word list with --words FILE");
    return in;
  }
  shard_words const& get_shard(int shard, int shards) const {
    std::lock_guard const lock(mutex_);
    auto const key = std::pair(shard, shards);
    if (auto const known = shards_.find(key); known != shards_.end()) return known->second;
    shard_words mine;
    auto in = open();
    std::string word;
    for (int line = 0; std::getline(in, word); line = (line + 1) % shards)
      if (line == shard) mine.push_back(word);
    return shards_[key] = std::move(mine);
  }

  std::string file_;
  mutable std::mutex mutex_;
  mutable std::map<std::pair<int, int>, shard_words> shards_;
};
BOOST_DESCRIBE_STRUCT(Words, (), (nearest))

struct settings {
  std::string serve;
  int shards = 4;
  int within_ms = 50;
  bool by_label = false;
};

struct answer {
  std::string word;
  int distance = 0;
  std::vector<int> shards_missing;
};
BOOST_DESCRIBE_STRUCT(answer, (), (word, distance, shards_missing))

/// Asks all shards at once.
dist::task<answer> find(dist::cluster cluster, settings given, std::string word) {
  std::vector<dist::pending<dist::result<std::optional<match>>>> asked;
  for (int shard = 0; shard < given.shards; ++shard) {
    auto how = dist::call_options().within(std::chrono::milliseconds(given.within_ms));
    if (given.by_label) how.needs("shard=" + std::to_string(shard));
    asked.push_back(dist::try_call<&Words::nearest>(cluster, word, shard, given.shards, how));
  }
  answer made;
  std::optional<match> best;
  for (int shard = 0; shard < given.shards; ++shard) {
    auto const got = co_await std::move(asked[static_cast<std::size_t>(shard)]);
    if (!got) {
      // A shard that answered with a failure is not missing: the word is not a text, or the list cannot be read.
      if (got.error().known == dist::progress::executed || got.error().code == dist::errc::bad_arguments)
        throw dist::call_error(got.error());
      cluster.caller().world().log.debug([&] { return "missing: " + dist::to_text(got.error()); });
      made.shards_missing.push_back(shard);
    } else if (*got && (!best || **got < *best)) {
      best = *got;
    }
  }
  if (best) made.word = best->word, made.distance = best->distance;
  co_return made;
}

dist::task<dist::http_response> respond(dist::cluster cluster, settings given, dist::http_request request) {
  if (request.path != "/nearest") co_return dist::http_response(404, "not found; use /nearest?word=helo\n");
  std::string const word(request.find_query("word").value_or(""));
  if (word.empty() || word.size() > 100) co_return dist::http_response(400, "word must have 1 to 100 bytes\n");
  auto const made = co_await find(cluster, given, word);
  auto const text = boost::json::serialize(boost::json::value_from(made)) + "\n";
  co_return dist::http_response(made.word.empty() ? 503 : 200, text, "application/json");
}

po::options_description node_flags(std::string& words) {
  po::options_description flags;
  flags.add_options()("words", po::value(&words)->default_value("/usr/share/dict/words"));
  return flags;
}

/// Runs where the node runs: it is the nodes that read the list.
Words make_words(int argc, char** argv) {
  std::string words;
  po::variables_map values;
  auto const flags = node_flags(words);
  po::store(po::command_line_parser(argc, argv).options(flags).allow_unregistered().run(), values);
  po::notify(values);
  return Words(words);
}

settings read_flags(std::vector<std::string> const& arguments) {
  settings read;
  std::string words;  // which the nodes read
  auto known = node_flags(words);
  known.add_options()("serve", po::value(&read.serve)->default_value(":3001"));
  known.add_options()("shards", po::value(&read.shards))("within", po::value(&read.within_ms));
  known.add_options()("by-label", po::bool_switch(&read.by_label));
  try {
    po::variables_map values;
    po::store(po::command_line_parser(arguments).options(known).positional({}).run(), values);
    po::notify(values);
    if (read.shards < 1 || read.shards > 1'000) throw po::error("--shards must be from 1 to 1000");
    if (read.within_ms < 1) throw po::error("--within must be at least 1 ms");
  } catch (po::error const& error) {
    throw dist::usage_error(std::string(error.what()) + "; this program's own flags: --serve ADDRESS, --words FILE, " +
                            "--shards N, --by-label, --within MILLISECONDS");
  }
  return read;
}

dist::task<void> job(dist::cluster& cluster, std::vector<std::string> arguments) {
  auto const given = read_flags(arguments);
  auto const at = dist::parse_address(given.serve);
  if (!at) throw dist::usage_error("--serve: " + at.error().message);
  auto handler = [cluster, given](dist::http_request request) { return respond(cluster, given, std::move(request)); };
  dist::http_server server(cluster.caller().world(), *at, handler);
  std::cout << "listening on " << dist::to_text(server.local_address()) << ": /nearest?word=helo" << std::endl;
  co_await server.run();
}

}  // namespace

int main(int argc, char** argv) {
  return dist::run(argc, argv, dist::service<Words>([=] { return make_words(argc, argv); }), job);
}
