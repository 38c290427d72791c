#pragma once

#include <dist/rpc/service.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>

namespace dist {

/// Whether a call may overtake waiting ones.
enum class turn {
  in_order,  ///< behind all waiters
  ahead,     ///< before them, so that a call made by a running method never waits for one that waits for its caller
};

turn turn_of(invocation const& what) noexcept;

/// The C++ rule for one object: const methods together, a non-const one alone. A call that cannot enter leaves a waiter
/// instead of blocking its thread, so that calls of other objects never starve behind a busy one.
class instance_gate {
 public:
  class waiter {
   public:
    virtual ~waiter() = default;
    /// The waiter has entered. Called without a lock, by the call that left; it passes the work on and returns.
    virtual void admitted() noexcept = 0;
  };

  bool try_enter(access how, turn when) noexcept;

  /// True: entered. False: busy, and what `make_waiter()` returned waits; once it is admitted, it has entered.
  template <class Make>
  bool enter(access how, turn when, Make make_waiter) {
    std::lock_guard const lock(mutex_);
    if (is_open(how, when)) return count(how), true;
    if (when == turn::ahead)
      waiting_.push_front({how, make_waiter()});
    else
      waiting_.push_back({how, make_waiter()});
    return false;
  }

  void leave(access how) noexcept;

 private:
  struct place {
    access how;
    std::unique_ptr<waiter> who;
  };

  bool is_open(access how, turn when) const noexcept;
  void count(access how) noexcept;

  std::mutex mutex_;
  std::deque<place> waiting_;  ///< in the order in which they enter
  std::size_t shared_ = 0;     ///< inside together
  bool exclusive_ = false;     ///< one inside alone; then shared_ is 0
};

}  // namespace dist
