#pragma once

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

namespace dist {

/// The nodes that an embedded cluster starts itself: they are expected from its start on, and a caller that asks for
/// all nodes before they have joined waits for them. Pure.
class own_nodes {
 public:
  /// So many are on their way; fewer later, where some cannot be started.
  void expect(std::size_t count) {
    has_any_ = true;
    if (have_joined_) return;
    expected_ = count;
    joined(living_);
  }
  /// The number of nodes that have joined, including others.
  void joined(std::size_t living) {
    living_ = living;
    if (!has_any_ || have_joined_ || living < expected_) return;
    go_on();
  }
  /// None is waited for any more.
  void go_on() {
    have_joined_ = true;
    for (auto const& then : std::exchange(waiting_, {})) then();
  }

  bool has_any() const noexcept { return has_any_; }
  bool are_awaited() const noexcept { return has_any_ && !have_joined_; }
  /// While they are awaited: runs `then` once they have joined.
  void when_joined(std::function<void()> then) { waiting_.push_back(std::move(then)); }

 private:
  std::size_t expected_ = 0;
  std::size_t living_ = 0;
  bool has_any_ = false;
  bool have_joined_ = false;  ///< all of them, once
  std::vector<std::function<void()>> waiting_;
};

}  // namespace dist
