#pragma once

#include <atomic>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <cstddef>
#include <cstdint>
#include <dist/rpc/detail/buffer.hpp>
#include <dist/rpc/clock.hpp>
#include <dist/rpc/deadline.hpp>
#include <dist/rpc/detail/call_no.hpp>
#include <dist/rpc/detail/codec.hpp>
#include <dist/rpc/detail/frame.hpp>
#include <dist/rpc/detail/request_options.hpp>
#include <dist/rpc/fault.hpp>
#include <dist/runtime/detail/call_reply.hpp>
#include <dist/runtime/detail/method_key.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace dist {

class call_book;
class call_record;

/// Whose calls share a master's nodes in turns: those of its own job, all JSON-RPC calls together, and from here on those
/// of each connected job.
inline constexpr std::uint32_t own_origin = 0;
inline constexpr std::uint32_t json_origin = 1;
inline constexpr std::uint32_t first_job_origin = 2;

/// Waits for a call. Called once, on the I/O thread, or where the wait began once the book was stopped.
class call_waiter {
 public:
  virtual ~call_waiter() = default;
  virtual void on_reply(call_record const& call, call_reply const& reply) noexcept = 0;
};

/// One call from its start to its one completion. Shared by everything that can still do something with it.
class call_record {
 public:
  virtual ~call_record() = default;

  /// Takes the caller's options, as given or as received.
  void set_options(std::shared_ptr<request_options const> given);

  std::shared_ptr<call_book> home;  ///< for handles of the call; null: none
  method_key const* method = nullptr;
  std::shared_ptr<method_key const> own_method;  ///< keeps `method` where it is not static
  buffer arguments;  ///< lives as long as the record: it may be issued again, and a large one is written from here
  dist::codec codec = dist::codec::cbor;
  spelling reply_spelling = spelling::declared;
  dist::deadline deadline;
  bool once = false;                     ///< the caller narrowed it: never issue it again
  bool again = false;                    ///< it may have run before: only where its method is repeatable
  duration node_wait = duration::max();  ///< how long to wait for a node that has the method
  std::uint32_t origin = own_origin;     ///< whose call it is; origins get the nodes in turn
  std::optional<call_id> parent;         ///< the running call that made this one
  bool parent_blocks = false;            ///< which keeps its thread while it waits
  std::shared_ptr<request_options const> options;  ///< the caller's options; null: none
  std::string early_problem;             ///< the arguments could not be encoded: it fails as soon as it starts

  /// The node that answered, if this process knows it. Written once; readable from any thread.
  void set_answered_by(std::string_view node) {
    answered_by_.append(node);  // to nothing: cheaper than an assignment
    answered_.store(true, std::memory_order_release);
  }
  std::optional<std::string> answered_by() const {
    if (!answered_.load(std::memory_order_acquire) || answered_by_.empty()) return std::nullopt;
    return answered_by_;
  }

  /// In its book, while it is live. I/O thread.
  call_no number() const noexcept { return number_; }
  /// It was started and has not ended. I/O thread.
  bool is_live() const noexcept { return state_ == state::live; }

 private:
  friend class call_book;
  friend class deadline_watch;
  friend void intrusive_ptr_add_ref(call_record* r) noexcept { r->references_.fetch_add(1, std::memory_order_relaxed); }
  friend void intrusive_ptr_release(call_record* r) noexcept {
    if (r->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete r;
  }

  struct kept_reply {
    std::optional<fault> failed;
    dist::codec codec = dist::codec::cbor;
    payload bytes;
    std::string node;
  };

  std::atomic<std::uint32_t> references_{0};
  std::atomic<bool> answered_{false};
  std::string answered_by_;
  // From here on: I/O thread only.
  enum class state : std::uint8_t { fresh, live, done };
  state state_ = state::fresh;
  call_no number_;
  struct {
    call_record* before = nullptr;
    call_record* behind = nullptr;
    timer_id own = timer_id::none;
  } in_deadlines_;  ///< its place there
  std::unique_ptr<call_waiter> waiter_;
  std::unique_ptr<kept_reply> kept_;  ///< it ended before the waiter came
};

using call_ptr = boost::intrusive_ptr<call_record>;

}  // namespace dist
