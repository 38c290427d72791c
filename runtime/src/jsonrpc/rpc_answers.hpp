#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace dist {

/// Collects the answers to the items of one message, in whatever order they arrive. Pure.
class rpc_answers {
 public:
  explicit rpc_answers(std::size_t items) : texts_(items), open_(items) {}

  /// Once for each item; empty if it gets no answer. True: it was the last.
  bool put(std::size_t place, std::string text) {
    bytes_ += text.size();
    texts_[place] = std::move(text);
    return --open_ == 0;
  }
  bool complete() const noexcept { return open_ == 0; }
  std::size_t bytes() const noexcept { return bytes_; }
  /// Those that are not empty, in the order of the items.
  std::vector<std::string> take() {
    std::erase_if(texts_, [](std::string const& one) { return one.empty(); });
    return std::move(texts_);
  }

 private:
  std::vector<std::string> texts_;
  std::size_t open_;
  std::size_t bytes_ = 0;
};

}  // namespace dist
