#pragma once

#include <dist/rpc/deadline.hpp>
#include <dist/rpc/detail/event.hpp>
#include <dist/rpc/task.hpp>
#include <functional>
#include <list>
#include <string>

#include "master/unproven_peers.hpp"

namespace dist {

/// Strangers waiting for work on the I/O thread, in order of arrival. A loop of its owner releases them one by one and lets
/// everything else run in between, so a crowd delays the others by the work for one of its members. Used on one thread.
class waiting_line {
 public:
  /// How long a party has to wait before its next peer may go on; zero: not at all.
  using pause_of = std::function<duration(std::string const& party)>;

  /// Completes once the caller has been released.
  ///
  /// Cancel   terminal: leaves the line.
  /// Lives    `who` must outlive the wait.
  task<void> wait(unproven_peers::share const& who);
  /// Completes when the line is not empty.
  task<void> someone();

  /// Releases the first whose party need not wait, and before it those that have been crowded out: they only have to
  /// end. Returns the shortest pause of those that wait if all have to, otherwise zero.
  duration release_one(pause_of const& pause);

  std::size_t size() const noexcept { return waiting_.size(); }

 private:
  struct place {
    unproven_peers::share const* who = nullptr;
    bool waits = true;
    event turn;
  };

  void let_go(place& one);

  std::list<place*> waiting_;
  event some_;
};

}  // namespace dist
