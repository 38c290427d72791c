#pragma once

#include <asio/io_context.hpp>
#include <cstddef>
#include <dist/rpc/fault.hpp>
#include <dist/rpc/limits.hpp>
#include <dist/rpc/seams.hpp>
#include <dist/runtime/detail/call_record.hpp>
#include <dist/runtime/detail/call_reply.hpp>
#include <dist/runtime/detail/call_route.hpp>
#include <dist/runtime/detail/deadline_watch.hpp>
#include <dist/runtime/detail/mailbox.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace dist {

/// Is told of each call that ends, before its waiter is. I/O thread.
class end_watcher {
 public:
  virtual void ended(call_record& call, call_reply const& reply) noexcept = 0;

 protected:
  ~end_watcher() = default;
};

/// The live calls of one process: deadlines, waiters, exactly one completion each. Knows no node and no connection: where
/// calls go is up to its route. Functions may be called from any thread unless they say otherwise.
class call_book final : public std::enable_shared_from_this<call_book> {
 public:
  call_book(seams const& world, limits const& bounds);
  ~call_book();
  call_book(call_book const&) = delete;
  call_book& operator=(call_book const&) = delete;

  /// Before the first call.
  void use(std::unique_ptr<call_route> way) noexcept { way_ = std::move(way); }
  call_route& route() const noexcept { return *way_; }
  /// Before the first call; `one` lives as long as this.
  void watch(end_watcher& one) { watchers_.push_back(&one); }

  call_ptr make_call() const { return way_->make_record(); }
  void start(call_ptr const& call);
  /// `waiter` is told how the call ended, before this returns if it has.
  void await(call_ptr const& call, std::unique_ptr<call_waiter> waiter);
  /// Ends a call that is no longer needed: its waiter gets errc::cancelled, the node is told.
  void cancel(call_ptr const& call);

  /// The one completion; a second is ignored. I/O thread.
  void finish(call_record& call, call_reply const& reply) noexcept;
  /// As finish(); after the call's deadline it becomes errc::deadline_exceeded. I/O thread.
  void fail(call_record& call, fault what) noexcept;
  /// Tells those whose calls ended with replies that last. The work of many calls is done in steps, each for all of them,
  /// because the code of all steps together is larger than a processor's instruction cache. I/O thread.
  void tell_waiters() noexcept;
  /// Fails all live calls with errc::stopped; later ones fail so at once. I/O thread.
  void stop() noexcept;

  /// One sentence for people: why the call waits, or why it went where it went. I/O thread.
  std::string why(call_record const& call) const;
  /// I/O thread.
  std::string place_of(call_record const& call) const { return way_->place_of(call); }
  /// I/O thread.
  std::string account_text() const { return way_->account_text(); }

  /// Whether every call fails with errc::stopped from now on.
  bool is_stopped() const noexcept { return mailbox_->closed(); }
  /// I/O thread.
  std::size_t live_count() const noexcept { return places_.size() - free_.size(); }
  /// The live call of this number; null: it has ended. I/O thread.
  call_record* at(call_no call) const noexcept {
    if (call.index >= places_.size() || places_[call.index].generation != call.generation) return nullptr;
    return places_[call.index].call.get();
  }
  /// Since it was made. I/O thread.
  duration age() const { return world_.clock.now() - made_at_; }

  asio::io_context::executor_type get_executor() const noexcept { return world_.io.get_executor(); }
  seams const& world() const noexcept { return world_; }
  limits const& bounds() const noexcept { return limits_; }
  bool on_io_thread() const noexcept { return get_executor().running_in_this_thread(); }
  /// Runs `action` on the I/O thread: now if this is it, else soon. Dropped once stopped.
  template <class Action>
  void run_on_io_thread(Action&& action) {
    if (on_io_thread())
      action();
    else
      mailbox_->post(std::forward<Action>(action));
  }

 private:
  struct ended_call {
    call_ptr call;
    std::unique_ptr<call_waiter> waiter;
    call_reply reply;
  };

  void start_here(call_ptr const& call);
  void enlist(call_ptr const& call);
  void await_here(call_record& call, std::unique_ptr<call_waiter> waiter);
  static void tell(call_record& call, call_waiter& waiter);
  /// Whether the failure comes after the deadline, though the timer has not said so yet.
  bool is_too_late(call_record const& call, fault const& what) const noexcept;
  void end_early(call_record& call, give_up_reason why);

  seams world_;
  time_point made_at_;
  limits limits_;
  std::shared_ptr<mailbox> mailbox_;
  struct place {
    call_ptr call;  ///< null: free
    std::uint32_t generation = 1;
  };
  std::vector<place> places_;  ///< of live calls, by number
  std::vector<std::uint32_t> free_;
  deadline_watch deadlines_;
  std::vector<ended_call> to_tell_;  ///< by tell_waiters()
  std::vector<end_watcher*> watchers_;
  bool stopped_ = false;
  std::unique_ptr<call_route> way_;
};

/// Makes the route of a book; holding it keeps the book.
template <class Route, class... A>
std::shared_ptr<Route> make_route(std::shared_ptr<call_book> const& book, A&&... arguments) {
  auto route = std::make_unique<Route>(*book, std::forward<A>(arguments)...);
  std::shared_ptr<Route> made(book, route.get());
  book->use(std::move(route));
  return made;
}

}  // namespace dist
