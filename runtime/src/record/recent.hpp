#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <dist/rpc/deadline.hpp>
#include <dist/rpc/fault.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "nodes/node_info.hpp"

namespace dist {

/// How a call left a node.
enum class past { answered, failed, lost };

/// A call that was on a node, for the timeline.
struct past_call {
  std::string node;
  method_ref method{};
  past how = past::answered;
  time_point sent_at{};
  time_point ended_at{};
};

/// The last calls that ran on nodes, as chosen by the caller. Pure.
class past_calls {
 public:
  static constexpr std::size_t most = 2048;

  void add(std::string_view node, method_ref method, past how, time_point sent_at, time_point ended_at) {
    if (ring_.size() < most) ring_.emplace_back();
    auto& one = ring_[count_++ % most];
    one.node = node;  // keeps the memory of the one that was here
    one.method = method;
    one.how = how;
    one.sent_at = sent_at;
    one.ended_at = ended_at;
  }

  /// How many there were so far.
  std::uint64_t count() const noexcept { return count_; }
  /// Calls `put` with each that is still there and came after the first `seen`, in order.
  template <class Put>
  void each_since(std::uint64_t seen, Put const& put) const {
    auto const first = count_ > most ? count_ - most : 0;
    for (auto i = std::max(seen, first); i < count_; ++i) put(ring_[i % most]);
  }

 private:
  std::vector<past_call> ring_;
  std::uint64_t count_ = 0;
};

/// The last calls that failed for their callers. One that fails like the one before is counted there. Pure.
class past_failures {
 public:
  static constexpr std::size_t most = 50;
  static constexpr std::size_t most_text_bytes = 500;

  struct entry {
    fault what;
    std::uint64_t count = 1;
    time_point at{};  ///< of the last
  };

  void add(fault const& what, time_point at);
  /// The newest first.
  std::deque<entry> const& entries() const noexcept { return entries_; }

 private:
  std::deque<entry> entries_;
};

}  // namespace dist
