#pragma once

#include <asio/io_context.hpp>
#include <atomic>
#include <boost/describe/class.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <dist/rpc/detail/codec.hpp>
#include <dist/rpc/detail/frame.hpp>
#include <dist/rpc/detail/request_options.hpp>
#include <dist/rpc/detail/service_name.hpp>
#include <dist/rpc/fault.hpp>
#include <dist/rpc/limits.hpp>
#include <dist/rpc/result.hpp>
#include <dist/rpc/seams.hpp>
#include <dist/rpc/task.hpp>
#include <dist/runtime/detail/mailbox.hpp>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace dist {

/// What a caller knows of a method.
struct method_key {
  std::string name;         ///< `Class.method`
  bool repeatable = false;  ///< the caller's own C++ type says so; counts for peers that list no methods (Go)
  /// Writes CBOR arguments as the JSON that a Go peer reads; null where the caller has no types.
  std::string (*to_go)(std::span<std::byte const> cbor, std::size_t depth_limit, buffer& json) = nullptr;
  class_tag const* serving = nullptr;  ///< the class that the caller means; null where it knows the name only
};

/// How a call ended, as its backend hands it on: a view, good during the call of finish() and of on_reply().
struct call_reply {
  static call_reply of(fault const& what) noexcept {
    call_reply reply;
    reply.failed = &what;
    reply.node = what.node;
    return reply;
  }
  /// Of a reply frame, which comes with others in one batch.
  static call_reply of(frame& in) noexcept {
    call_reply reply;
    reply.codec = static_cast<dist::codec>(in.header().codec);
    reply.bytes = in.bytes();
    reply.running_us = in.header().deadline_us;
    if (in.is_view())
      reply.lasts = true;
    else
      reply.source = &in;
    return reply;
  }

  fault const* failed = nullptr;
  dist::codec codec = dist::codec::cbor;
  std::span<std::byte const> bytes;
  frame* source = nullptr;       ///< where the bytes can be taken from without a copy; null: nowhere
  std::string_view node;         ///< who answered
  std::uint32_t running_us = 0;  ///< how long the method ran; 0: not measured
  bool lasts = false;            ///< it is good until tell_waiters(), which is when the waiter is told
  bool at_once = false;          ///< it was there before the waiter: nobody may go on inside of await
};

class call_record;
class caller;
class progress_watch;
struct fan_out_report;

/// A node as those see it who look for one.
struct listed_node {
  std::string name;
  std::uint32_t slots = 1;
};
BOOST_DESCRIBE_STRUCT(listed_node, (), (name, slots))

/// Who shares a master's nodes: its own job, all that speak JSON together, and from here on each connected job.
inline constexpr std::uint32_t own_origin = 0;
inline constexpr std::uint32_t json_origin = 1;
inline constexpr std::uint32_t first_job_origin = 2;

/// Who waits for a call. Called once, on the I/O thread, or where it began to wait once the caller was stopped.
class call_waiter {
 public:
  virtual ~call_waiter() = default;
  virtual void on_reply(call_record const& call, call_reply const& reply) noexcept = 0;
};

/// One call from its start to its one completion. Owned by whoever can still do something with it.
class call_record {
 public:
  virtual ~call_record() = default;

  /// Takes the caller's wishes, as they were given or as they came over the wire.
  void set_options(std::shared_ptr<request_options const> wishes);

  std::shared_ptr<caller> home;  ///< what it was made on, for those who hold it; null where nobody does
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
  std::shared_ptr<request_options const> options;  ///< the caller's wishes; null: none
  std::string early_problem;             ///< the arguments could not be encoded: it fails as soon as it starts

  /// Who answered, as far as this process knows. Written once; readable from any thread.
  void set_answered_by(std::string_view node) {
    answered_by_ = node;
    answered_.store(true, std::memory_order_release);
  }
  std::optional<std::string> answered_by() const {
    if (!answered_.load(std::memory_order_acquire) || answered_by_.empty()) return std::nullopt;
    return answered_by_;
  }

 private:
  friend class caller;
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
  std::size_t live_index_ = 0;
  timer_id deadline_timer_ = timer_id::none;
  std::unique_ptr<call_waiter> waiter_;
  std::unique_ptr<kept_reply> kept_;  ///< it ended before anybody waited
};

using call_ptr = boost::intrusive_ptr<call_record>;

/// The life of calls: every one that is started completes exactly once, whatever becomes of it. Where a call goes is
/// the business of the derived class. Public functions may be called from any thread; the rest runs on the I/O thread.
class caller : public std::enable_shared_from_this<caller> {
 public:
  caller(seams const& world, limits const& bounds);
  virtual ~caller();

  /// A record of the derived class' own type.
  virtual call_ptr make_call() = 0;
  void start(call_ptr const& call);
  /// `waiter` is told how the call ended, before this returns if it has.
  void await(call_ptr const& call, std::unique_ptr<call_waiter> waiter);
  /// Ends a call that nobody wants any more: whoever waits gets errc::cancelled, the node is told.
  void cancel(call_ptr const& call);
  /// Tells those whose calls ended with replies that last. The work of many calls is done in steps, each for all of them,
  /// because the code of all steps together is larger than a processor's instruction cache. I/O thread.
  void tell_waiters() noexcept;

  /// Completes when at least `count` nodes can take calls; throws call_error when it is stopped before. I/O thread.
  task<void> wait_for_nodes(std::size_t count);
  /// Calls `done` with null when that is so, perhaps at once, or with why it will not be. Whoever drops what is returned
  /// does not wait any more; null: `done` was called. I/O thread.
  using nodes_waiter = std::function<void(fault const* failed)>;
  [[nodiscard]] virtual std::shared_ptr<void> when_nodes(std::size_t count, nodes_waiter done) = 0;

  /// Completes when the nodes that an embedded cluster starts itself have joined, at once elsewhere. I/O thread.
  virtual task<void> own_nodes_joined();
  /// Waits for those. The nodes that could take a call like this one, which was not started, now or later, by name; busy ones and silent
  /// ones too. Throws call_error, errc::no_node where there is none. I/O thread. Cancel: terminal.
  task<std::vector<listed_node>> nodes_for(call_ptr like);
  /// Calls `done` with them, exactly once. Null: it has; else what to cancel when nobody waits any more.
  using nodes_taker = std::function<void(result<std::vector<listed_node>> nodes)>;
  virtual call_ptr list_nodes(call_record const& like, nodes_taker done) = 0;
  /// Logs a warning, the first time in this caller's life that it is about `what`. I/O thread.
  void warn_once(std::string what, std::string_view line);
  bool has_warned(std::string const& what) const { return warned_.contains(what); }

  /// A fan-out is under way until it is unlisted. I/O thread.
  using fan_out_place = std::list<progress_watch const*>::iterator;
  fan_out_place list(progress_watch const& one) { return fan_outs_.insert(fan_outs_.end(), &one); }
  void unlist(fan_out_place where) noexcept { fan_outs_.erase(where); }
  /// The oldest of those under way, at most `most_fan_outs`. I/O thread.
  std::vector<fan_out_report> fan_outs() const;

  /// Where the node of this name joined from, `127.0.0.1:40112`; empty where that is not known here. I/O thread.
  virtual std::string address_of(std::string_view) const { return {}; }

  /// One line for people: what its calls have come to. I/O thread.
  virtual std::string account_text() const = 0;
  /// Since it was made. I/O thread.
  duration age() const { return world_.clock.now() - made_at_; }

  /// One sentence for people: why the call waits, or why it went where it went. I/O thread.
  std::string why(call_record const& call) const;
  /// The node that runs the call, as far as this process knows; empty where it waits or has ended. I/O thread.
  virtual std::string place_of(call_record const&) const { return {}; }

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

  /// Whether every call fails with errc::stopped from now on. Any thread.
  bool is_stopped() const noexcept { return mailbox_->closed(); }
  std::size_t live_count() const noexcept { return live_.size(); }

 protected:
  /// Sends the call on its way; may finish it at once.
  virtual void dispatch(call_ptr const& call) = 0;
  /// Nobody wants the call any more. Says what is known of it, and in which phase it was; tells the node if need be.
  struct abandoned {
    progress known = progress::not_started;
    char const* phase = "queueing";
    std::string node;
    std::string cause;  ///< why it had not ended before, where something was in its way
  };
  virtual abandoned abandon(call_record& call) = 0;
  /// What why() says of a call that has ended, behind where that was.
  virtual std::string how_it_went(call_record const&) const { return {}; }
  /// why() of a live call.
  virtual std::string why_there(call_record const&) const { return "its master knows: see the master's /status"; }
  /// The call is about to complete: the derived class' own bookkeeping ends.
  virtual void ended(call_record& call, call_reply const& reply) noexcept = 0;

  /// The one completion; a second is ignored.
  void finish(call_record& call, call_reply const& reply) noexcept;
  void fail(call_record& call, fault what) noexcept;
  static bool is_live(call_record const& call) noexcept { return call.state_ == call_record::state::live; }
  /// Fails all live calls with errc::stopped; later ones fail so at once.
  void stop_calls() noexcept;

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
  void end_early(call_record& call, errc why);

  seams world_;
  time_point made_at_;
  limits limits_;
  std::shared_ptr<mailbox> mailbox_;
  std::vector<call_ptr> live_;
  std::vector<ended_call> to_tell_;  ///< by tell_waiters()
  std::set<std::string> warned_;
  std::list<progress_watch const*> fan_outs_;  ///< the oldest first
  bool stopped_ = false;
};

}  // namespace dist
