#include "node/node_session.hpp"

#include <asio/cancellation_state.hpp>
#include <asio/this_coro.hpp>
#include <dist/rpc/detail/request_options.hpp>
#include <dist/rpc/sleep.hpp>

#include "call/nested_calls.hpp"
#include "call/no_room.hpp"
#include "process/crash_record.hpp"
#include "wire/protocol_breach.hpp"

namespace dist {
namespace {

fault too_many_coroutines(std::size_t limit, std::uint8_t flags) {
  auto what = make_fault(errc::overloaded, "the limit (coroutine_count) of " + std::to_string(limit) +
                                               " coroutine methods running at once is reached");
  if (!(flags & frame_flags::by_method)) return what;
  // Those that wait may wait for this very call.
  what.message += " by calls waiting for nested calls";
  what.may = remedy::never;
  return what;
}

/// Of the trace that the request belongs to, into `trace`; empty: none. Returns what is wrong, or an empty text.
std::string get_traceparent(request_prefix const& prefix, std::string& trace) {
  if (prefix.options.empty()) return {};
  request_options options;
  auto problem = decode(prefix.options, options);
  trace = std::move(options.traceparent).value_or("");
  return problem;
}

}  // namespace

/// A call that is not over in the frame that brought it, as its method sees it, as the compute threads run it and as
/// its outcome returns: one object, which the I/O thread makes and, unless a context lives on, destroys.
class node_session::served_call final : public call_scope,
                                        public service_call,
                                        public std::enable_shared_from_this<served_call> {
 public:
  served_call(node_session& to, call_id id, std::size_t method, class deadline until)
      : call_scope(to.names_[method], until),
        calls_{to.nested_core_, id, !to.services_.methods()[method].coroutine},
        to_(to.weak_from_this()),
        done_(to.done_),
        way_back_(*this) {
    // It lives in here and owns nothing of this.
    cluster = std::shared_ptr<void>(std::shared_ptr<void>(), &calls_);
    // Most results fit, and so their memory stays with this thread too.
    out.payload.reserve(1);
  }

  void drop() noexcept override { what.scope.reset(); }

 private:
  /// To the I/O thread.
  struct way_back final : work_item {
    explicit way_back(served_call& which) : call(which) {}
    void run() override {
      auto const self = std::move(kept);
      if (auto const session = call.to_.lock()) session->on_done(call.calls_.parent, call.out);
    }
    void drop() noexcept override { kept.reset(); }

    served_call& call;
    std::shared_ptr<call_scope> kept;
  };

  /// Until here it was kept by its own scope.
  void ended() noexcept override {
    way_back_.kept = std::move(what.scope);
    done_->post(work_ptr(&way_back_));
  }

  nested_calls calls_;
  std::weak_ptr<node_session> to_;  ///< not kept alive: it must not be destroyed on a compute thread
  std::shared_ptr<mailbox> done_;
  way_back way_back_;
};

node_session::node_session(std::unique_ptr<connection> over, seams const& world, limits const& bounds,
                           service_table& services, welcome const& accepted, duration drain_limit, crash_record* record)
    : session_(std::move(over)),
      world_(world),
      limits_(bounded(bounds)),
      services_(services),
      name_(accepted.name),
      record_(record),
      times_(times_of(accepted)),
      drain_limit_(drain_limit),
      book_(std::make_shared<call_book>(world, bounds)),
      nested_(make_route<remote_caller>(book_, services.methods())),
      nested_core_(std::make_shared<cluster_core>(book_, *nested_)),
      done_(std::make_shared<mailbox>(world.io)) {
  for (auto const& method : services_.methods())
    names_.push_back(std::make_shared<call_scope::names const>(call_scope::names{method.name, name_}));
  nested_->attach(*session_);
  session_->tolerate_silence(system_patience(times_.heartbeat, times_.lost_after));
  nested_->refuse_with([this](call_record const& call) { return why_deadlocks(call); });
}

std::optional<fault> node_session::why_deadlocks(call_record const& nested) const {
  auto const parent = running_.find(key(*nested.parent));
  if (parent == running_.end() || !parent->second.scope) return std::nullopt;
  auto const& outer = parent->second.scope->method();
  auto const& inner = nested.method->name;
  if (!services_.would_deadlock(outer, inner)) return std::nullopt;
  auto what =
      make_fault(errc::method_failed, outer + " would deadlock: it holds its object while it waits for " + inner +
                                          ", which needs the same object; call the member function directly, or "
                                          "make " +
                                          outer + " a coroutine that awaits the call");
  what.known = progress::not_started;
  what.node = name_;
  return what;
}

task<void> node_session::run() {
  heard_ = world_.clock.now();
  watchdog_.emplace(world_.clock, *session_, times_);
  task_group beats(world_.io.get_executor());
  std::function<void(frame_header&)> on_beat = [this](frame_header& beat) {
    beat.id.index = static_cast<std::uint32_t>(running_.size());
    send_printed();
  };
  beats.spawn(watchdog_->run(std::move(on_beat)));
  std::exception_ptr failed;
  std::string why = "the master closed the connection";
  try {
    co_await session_->run([this](frame& in) { on_frame(in); },
                           [this] { watchdog_->heard(heard_ = world_.clock.now()); },
                           [this] { book_->tell_waiters(); });
  } catch (std::exception const& e) {
    failed = std::current_exception();
    why = e.what();
  }
  if (watchdog_->has_given_up()) {
    why = "the master is silent";
    failed = std::make_exception_ptr(call_error(make_fault(errc::connection_lost, why)));
  }
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  nested_->detach(why);
  nested_->stop();
  nested_->refuse_with({});
  done_->close();
  for (auto& [id, call] : running_) {
    forget_timer(call.kill_timer);
    if (call.scope) call.scope->cancel();
  }
  running_.clear();
  beats.stop();
  co_await beats.join();
  forget_timer(drain_timer_);
  if (failed && !said_goodbye_) std::rethrow_exception(failed);
}

void node_session::send_printed() {
  if (!record_ || !master_takes_text_) return;
  auto const text = record_->take_printed();
  if (text.lines.empty()) return;
  nested_->show_text(text.lines, text.is_shown, [to = weak_from_this()](fault const* failed) {
    // Much may be in flight just now; any other fault means that the master does not support it.
    if (!failed || failed->code == errc::overloaded) return;
    if (auto const session = to.lock()) session->master_takes_text_ = false;
  });
}

void node_session::on_frame(frame& in) {
  switch (in.header().kind) {
    case frame_kind::request: return on_request(in);
    case frame_kind::cancel: return on_cancel(in.header().id, in.header().deadline_us);
    case frame_kind::reply: return nested_->on_reply(in);
    case frame_kind::fault: return nested_->on_fault(in);
    case frame_kind::beat: return;
    case frame_kind::drain:
      drain_confirmed_ = draining_;
      if (!draining_) drain(drain_limit_);
      return leave_if_idle();
    case frame_kind::goodbye:
      throw call_error(
          make_fault(errc::connection_lost, "the master closed the session: " + std::string(as_text(in.bytes()))));
    case frame_kind::challenge:
    case frame_kind::hello:
    case frame_kind::welcome: throw protocol_breach("a handshake frame after the handshake");
  }
}

void node_session::refuse(call_id id, fault what, std::uint32_t running_us) {
  what.node = name_;
  put_fault(session_->out(), id, what, running_us);
}

void node_session::on_request(frame& in) {
  auto const& header = in.header();
  if (in.is_dropped())
    return refuse(header.id, no_room("a request", header.payload_bytes, session_->memory(), progress::not_started));
  request_prefix prefix;
  // An error in one request fails only that request: the frames after it are still valid.
  if (auto const problem = get_prefix(in.bytes(), header.flags, prefix); !problem.empty())
    return refuse(header.id, make_fault(errc::bad_arguments, problem));
  // A call that one of those here has made: without it that would not end.
  if (draining_ && !(header.flags & frame_flags::by_method))
    return refuse(header.id, make_fault(errc::draining, "the node takes no new calls"));
  std::optional<std::size_t> method = header.method;
  if (!prefix.method.empty()) method = services_.find(prefix.method);
  if (!method || *method >= services_.methods().size())
    return refuse(header.id, make_fault(errc::unknown_method, "this node has no such method"));
  if (running_.size() >= limits_.calls_per_connection)
    return refuse(header.id, make_fault(errc::overloaded, "the limit (calls_per_connection) is reached"));

  auto const& about = services_.methods()[*method];
  // The master stops at fewer; more means too deep nesting, here or anywhere.
  if (about.coroutine && coroutines_ >= limits_.coroutine_count)
    return refuse(header.id, too_many_coroutines(limits_.coroutine_count, header.flags));

  invocation what;
  what.codec = static_cast<codec>(header.codec);
  what.spelling = header.flags & frame_flags::go_spelling ? spelling::go : spelling::declared;
  what.depth_limit = limits_.depth;
  what.result_limit = limits_.frame_bytes;
  what.nested = header.flags & frame_flags::by_method;
  what.watch = record_;
  auto const as = what.codec;
  auto const until = deadline_from_wire(header.deadline_us, heard_);
  std::string trace;
  if (auto const problem = get_traceparent(prefix, trace); !problem.empty())
    return refuse(header.id, make_fault(errc::bad_arguments, problem));
  auto const make_call = [&] {
    auto made = std::allocate_shared<served_call>(freelist_allocator<served_call>(), *this, header.id, *method, until);
    made->traceparent = std::move(trace);
    return made;
  };
  std::shared_ptr<served_call> call;
  if (about.needs_scope) what.scope = call = make_call();
  if (about.brief) {
    what.arguments = in.bytes().subspan(prefix.bytes);
    std::optional<time_point> began;
    if (brief_watch_.measures_next()) began = world_.clock.now();
    if (services_.try_run_here(*method, what, brief_outcome_)) {
      if (began) measured(*method, world_.clock.now() - *began);
      answer(header.id, as, brief_outcome_);
      brief_outcome_.drop_result();
      brief_outcome_.error.reset();
      brief_outcome_.running_us = 0;
      return;
    }
  }
  if (!call) what.scope = call = make_call();
  auto kept = in.take(prefix.bytes);
  what.arguments = kept.bytes();
  what.storage = std::move(kept).release();
  if (!running_.emplace(key(header.id), running_call{as, call, about.coroutine}).second)
    throw protocol_breach("a request with a call id that is already in use");
  if (about.coroutine) ++coroutines_;
  what.time = &world_.clock;
  call->what = std::move(what);
  services_.start(*method, service_call_ptr(call.get()), world_.compute);
}

void node_session::measured(std::size_t brief_method, duration ran) {
  brief_outcome_.running_us = brief_watch::microseconds(ran);
  if (!brief_watch_.is_offender(brief_method, ran)) return;
  world_.log.warn("node " + name_ + ": " + services_.methods()[brief_method].name + " is declared brief, but takes " +
                  std::to_string(brief_outcome_.running_us) + " us on the thread that serves all calls; the limit is " +
                  std::to_string(brief_watch::limit.count()) + " us; remove dist::brief from it");
}

void node_session::on_done(call_id id, outcome& ended) {
  auto const found = running_.find(key(id));
  if (found == running_.end()) return;
  auto const as = found->second.as;
  if (found->second.coroutine) --coroutines_;
  if (found->second.doomed) --doomed_;
  forget_timer(found->second.kill_timer);
  running_.erase(found);
  answer(id, as, ended);
  leave_if_idle();
}

void node_session::answer(call_id id, codec as, outcome& ended) {
  if (ended.error) return refuse(id, std::move(*ended.error), ended.running_us);
  frame_header header;
  header.kind = frame_kind::reply;
  header.codec = static_cast<std::uint8_t>(as);
  header.deadline_us = ended.running_us;
  header.id = id;
  if (!ended.tail.empty())
    session_->out().put(header, ended.payload.bytes(), ended.tail, std::move(ended.keep));
  else if (ended.payload.size() > outbox_copy_bytes)
    session_->out().put(header, std::move(ended.payload));
  else
    session_->out().put(header, ended.payload.bytes());
}

void node_session::on_cancel(call_id id, std::uint32_t patience_us) {
  auto const found = running_.find(key(id));
  if (found == running_.end()) return;
  auto& call = found->second;
  call.scope->cancel();
  auto const end = deadline_from_wire(patience_us, world_.clock.now());
  if (end.is_never() || call.kill_timer != timer_id::none) return;
  if (auto const why = why_not_killed(call); !why.empty()) {
    if (!std::exchange(said_why_not_killed_, true))
      world_.log.warn("node " + name_ + ": kill_after of " + call.scope->method() + " has no effect: " + why);
    return;
  }
  call.kill_timer = world_.clock.schedule(end.at(), [this, number = found->first] { kill(number); });
}

std::string node_session::why_not_killed(running_call const& call) const {
  if (!record_) return "nothing would restart this process; start its nodes with --procs N";
  if (world_.compute.slots() > 1)
    return "the calls in its " + std::to_string(world_.compute.slots()) +
           " slots would be killed too; start one-slot nodes with --procs N";
  if (call.coroutine) return "the method is a coroutine, which ends at its next await";
  return {};
}

void node_session::kill(std::uint64_t id) {
  auto& call = running_.at(id);
  call.kill_timer = timer_id::none;
  // Cancelled before it began, it never will.
  if (!call.scope->has_begun()) return;
  call.doomed = kills_ = true;
  ++doomed_;
  world_.log.warn("node " + name_ + ": this process is ending because of kill_after: " + call.scope->method() +
                  " is still running, and its caller is gone");
  give_back();
  // Others that have started, and made nested calls, end first.
  if (running_.size() > doomed_) world_.compute.replace_thread();
  drain(drain_limit_);
  leave_if_idle();
}

void node_session::give_back() {
  std::vector<std::uint64_t> ids;
  for (auto const& [id, call] : running_)
    if (call.scope->try_withdraw()) ids.push_back(id);
  for (auto const id : ids) {
    auto& call = running_.at(id);
    if (call.coroutine) --coroutines_;
    forget_timer(call.kill_timer);
    running_.erase(id);
    refuse(to_call_id(id), make_fault(errc::draining, "its process ended before the method started"));
  }
}

void node_session::drain(duration limit) {
  if (std::exchange(draining_, true)) return;
  frame_header header;
  header.kind = frame_kind::drain;
  session_->out().put(header);
  if (limit != duration::max())
    drain_timer_ = world_.clock.schedule(later(world_.clock.now(), limit), [this] {
      drain_timer_ = timer_id::none;
      say_goodbye("the drain limit expired with " + std::to_string(running_.size()) + " calls running");
    });
}

void node_session::leave_if_idle() {
  if (!drain_confirmed_ || running_.size() > doomed_) return;
  say_goodbye(kills() ? "its process ends because of kill_after" : "drained");
}

void node_session::say_goodbye(std::string const& why) {
  if (std::exchange(said_goodbye_, true)) return;
  send_printed();
  frame_header header;
  header.kind = frame_kind::goodbye;
  session_->out().put(header, as_bytes(why));
  session_->close_when_read();
}

}  // namespace dist
