#pragma once

#include <cstddef>
#include <deque>
#include <dist/rpc/detail/event.hpp>
#include <dist/runtime/block_on.hpp>
#include <dist/runtime/detail/kept_reply.hpp>
#include <dist/runtime/pending.hpp>
#include <memory>
#include <utility>
#include <vector>

namespace dist {

/// Waits for several calls that have been started, side by side: each is handed out as it ends. Used on the executor of
/// `home`, the calls may be of other clusters. The holder of the pendings holds the calls.
class started_calls {
 public:
  explicit started_calls(std::shared_ptr<call_book> home);
  started_calls(started_calls const&) = delete;
  started_calls& operator=(started_calls const&) = delete;
  ~started_calls();

  /// A call of a book that is gone (null) has ended with errc::stopped.
  void add(std::shared_ptr<call_book> calls, call_ptr call);

  /// A call that has ended, with its answer.
  struct ended {
    std::size_t number;  ///< in the order of add()
    call_ptr call;
    kept_reply reply;
    std::size_t depth_limit;

    template <class R>
    result<R> read() const {
      return read_reply<R>(*call->method, reply.view(), depth_limit);
    }
  };
  std::size_t left() const noexcept { return added_ - taken_; }
  /// The next one; only while some are left.
  task<ended> next();

 private:
  class waiter;
  struct arrivals {
    std::deque<ended> waiting;
    event came;
  };

  std::shared_ptr<call_book> home_;
  std::shared_ptr<arrivals> arrivals_;
  std::size_t added_ = 0;
  std::size_t taken_ = 0;
};

/// Where to wait for these: the book of one that still has one. Throws call_error where none has.
template <class R>
std::shared_ptr<call_book> home_of(std::vector<pending<R>> const& calls) {
  for (auto const& one : calls)
    if (auto found = one.shared_caller()) return found;
  throw call_error(make_fault(errc::stopped, "the cluster was stopped"));
}

/// The value of a pending<R>: R, or for R = result<T> a T that may be missing.
template <class R>
struct pending_value {
  using type = R;
  static constexpr bool may_fail = false;
};
template <class T>
struct pending_value<result<T>> {
  using type = T;
  static constexpr bool may_fail = true;
};

}  // namespace dist
