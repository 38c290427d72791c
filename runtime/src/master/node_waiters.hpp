#pragma once

#include <dist/rpc/detail/event.hpp>
#include <dist/runtime/detail/node_directory.hpp>
#include <memory>
#include <utility>
#include <vector>

#include "program/own_nodes.hpp"

namespace dist {

/// Those who wait for nodes.
class node_waiters {
 public:
  /// As node_directory::when_nodes, when there are fewer.
  std::shared_ptr<void> add(std::size_t count, node_directory::nodes_waiter done) {
    auto made = std::make_shared<waiter>(count, std::move(done));
    // Before it would grow: prunes it to those that wait, so that it holds at most twice as many.
    if (waiting_.size() == waiting_.capacity()) std::erase_if(waiting_, [](auto const& one) { return one.expired(); });
    waiting_.push_back(made);
    return made;
  }
  /// This many nodes take calls.
  void tell(std::size_t living) {
    if (waiting_.empty()) return;
    for (auto const& one : std::exchange(waiting_, {})) {
      auto const still = one.lock();
      if (still && living >= still->count)
        std::exchange(still->done, nullptr)(nullptr);
      else if (still)
        waiting_.push_back(one);
    }
  }
  void stop(fault const& why) {
    own_.go_on();
    for (auto const& one : std::exchange(waiting_, {}))
      if (auto const still = one.lock()) std::exchange(still->done, nullptr)(&why);
  }

  /// Those of the embedded cluster that this is the master of.
  own_nodes& own() noexcept { return own_; }

 private:
  struct waiter {
    std::size_t count;
    node_directory::nodes_waiter done;
  };
  std::vector<std::weak_ptr<waiter>> waiting_;
  own_nodes own_;
};

}  // namespace dist
