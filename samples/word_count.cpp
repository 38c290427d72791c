// Counts words, as `sort | uniq -c` does for a word a line. A word is a run of letters, digits and underscores (ASCII).
//   word_count FILE...                          as `cat FILE... | tr -cs 'A-Za-z0-9_' '\n' | sort | uniq -c`
//   word_count --master :3000 FILE...           on nodes elsewhere: the job reads the files, the nodes need none
// The text goes out in pieces that are read when a node is about to need them: files may be larger than the memory.
#include <dist/dist.hpp>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <iterator>
#include <map>
#include <span>
#include <system_error>

namespace {

using bytes = std::vector<std::uint8_t>;  // a std::string would have to be UTF-8, and files may hold anything
using counts = std::map<std::string, std::int64_t>;

bool is_in_word(int c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

struct Words {
  counts count(std::span<std::uint8_t const> text) const {  // a view of the received bytes: no copy
    counts found;
    for (auto at = text.begin();;) {
      auto const first = std::find_if(at, text.end(), is_in_word);
      if (first == text.end()) return found;
      at = std::find_if_not(first, text.end(), is_in_word);
      ++found[std::string(first, at)];
    }
  }
};
BOOST_DESCRIBE_STRUCT(Words, (), (count))

/// The content of the files, in pieces that are cut between words. One pass; a piece is read when it is needed.
class pieces {
 public:
  explicit pieces(std::vector<std::string> files) : files_(std::move(files)) { advance(); }

  struct iterator {
    using value_type = bytes;
    using difference_type = std::ptrdiff_t;
    pieces* of;
    bytes const& operator*() const { return of->piece_; }
    iterator& operator++() {
      of->advance();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return of->piece_.empty(); }
  };
  iterator begin() { return {this}; }
  std::default_sentinel_t end() const { return {}; }

 private:
  static constexpr std::size_t piece_bytes = 64 << 10;

  /// The next piece into piece_; an empty one is the end.
  void advance() {
    piece_.clear();
    while (piece_.size() < piece_bytes && (in_.is_open() || open_next())) {
      auto const had = piece_.size();
      piece_.resize(had + piece_bytes);
      in_.read(reinterpret_cast<char*>(piece_.data() + had), piece_bytes);
      piece_.resize(had + static_cast<std::size_t>(in_.gcount()));
      if (in_.bad()) fail();
      if (!in_.eof()) continue;
      in_.close();
      piece_.push_back('\n');  // no word continues in the next file
    }
    while (in_.is_open() && is_in_word(piece_.back()) && is_in_word(in_.peek()))
      piece_.push_back(static_cast<std::uint8_t>(in_.get()));
  }
  bool open_next() {
    if (next_ == files_.size()) return false;
    in_.open(files_[next_++], std::ios::binary);
    if (!in_) fail();
    return true;
  }
  [[noreturn]] void fail() const {
    throw std::system_error(errno, std::generic_category(), "cannot read " + files_[next_ - 1]);
  }

  std::vector<std::string> files_;
  std::size_t next_ = 0;
  std::ifstream in_;
  bytes piece_;
};

counts add(counts sum, counts const& more) {
  for (auto const& [word, count] : more) sum[word] += count;
  return sum;
}

dist::task<void> job(dist::cluster& cluster, std::vector<std::string> files) {
  if (files.empty()) throw dist::usage_error("missing files; usage: word_count FILE...");
  auto const how = dist::fan_out().progress("counting");
  auto counting = dist::map_reduce<&Words::count>(cluster, pieces(files), counts(), add, how);
  auto const total = co_await std::move(counting);
  for (auto const& [word, count] : total) std::cout << std::setw(7) << count << ' ' << word << '\n';
}

}  // namespace

int main(int argc, char** argv) { return dist::run(argc, argv, dist::services<Words>(), job); }
