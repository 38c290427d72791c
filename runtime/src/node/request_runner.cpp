#include "node/request_runner.hpp"

#include <dist/rpc/detail/request_options.hpp>
#include <dist/rpc/detail/work_item.hpp>

#include "call/nested_calls.hpp"
#include "call/no_room.hpp"
#include "process/crash_record.hpp"
#include "wire/hello.hpp"
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
class request_runner::served_call final : public call_scope,
                                        public service_call,
                                        public std::enable_shared_from_this<served_call> {
 public:
  served_call(request_runner& to, call_id id, std::size_t method, class deadline until)
      : call_scope(to.names_[method], until),
        calls_{to.nested_, id, !to.services_.methods()[method].coroutine},
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
      if (auto const runner = call.to_.lock()) runner->on_done(call.calls_.parent, call.out);
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
  std::weak_ptr<request_runner> to_;  ///< not kept alive: it must not be destroyed on a compute thread
  std::shared_ptr<mailbox> done_;
  way_back way_back_;
};

request_runner::request_runner(connection& session, seams const& world, limits const& bounds, service_table& services,
                               std::string const& node, std::shared_ptr<cluster_core> nested, crash_record* record,
                               request_watcher& watcher)
    : session_(session),
      world_(world),
      limits_(bounded(bounds)),
      services_(services),
      node_(node),
      nested_(std::move(nested)),
      record_(record),
      watcher_(watcher),
      done_(std::make_shared<mailbox>(world.io)) {
  for (auto const& method : services_.methods())
    names_.push_back(std::make_shared<call_scope::names const>(call_scope::names{method.name, node_}));
}

void request_runner::stop() {
  done_->close();
  running_.each([this](running_calls::entry& call) {
    forget_timer(call);
    if (call.scope) call.scope->cancel();
  });
  running_.clear();
}

std::optional<fault> request_runner::why_deadlocks(call_record const& nested) const {
  auto const* parent = running_.find(*nested.parent);
  if (!parent || !parent->scope) return std::nullopt;
  auto const& outer = parent->scope->method();
  auto const& inner = nested.method->name;
  if (!services_.would_deadlock(outer, inner)) return std::nullopt;
  auto what =
      make_fault(errc::method_failed, outer + " would deadlock: it holds its object while it waits for " + inner +
                                          ", which needs the same object; call the member function directly, or "
                                          "make " +
                                          outer + " a coroutine that awaits the call");
  what.known = progress::not_started;
  what.node = node_;
  return what;
}

void request_runner::refuse(call_id id, fault what, std::uint32_t running_us) {
  what.node = node_;
  put_fault(session_.out(), id, what, running_us);
}

void request_runner::on_request(frame& in, time_point read_at, bool takes_calls) {
  auto const& header = in.header();
  if (in.is_dropped())
    return refuse(header.id, no_room("a request", header.payload_bytes, session_.memory(), progress::not_started));
  request_prefix prefix;
  // An error in one request fails only that request: the frames after it are still valid.
  if (auto const problem = get_prefix(in.bytes(), header.flags, prefix); !problem.empty())
    return refuse(header.id, make_fault(errc::bad_arguments, problem));
  // A call that one of those here has made: without it that would not end.
  if (!takes_calls && !(header.flags & frame_flags::by_method))
    return refuse(header.id, make_fault(errc::draining, "the node takes no new calls"));
  std::optional<std::size_t> method = header.method;
  if (!prefix.method.empty()) method = services_.find(prefix.method);
  if (!method || *method >= services_.methods().size())
    return refuse(header.id, make_fault(errc::unknown_method, "this node has no such method"));
  if (running_.size() >= limits_.calls_per_connection)
    return refuse(header.id, make_fault(errc::overloaded, "the limit (calls_per_connection) is reached"));

  auto const& about = services_.methods()[*method];
  // The master stops at fewer; more means too deep nesting, here or anywhere.
  if (about.coroutine && running_.coroutines() >= limits_.coroutine_count)
    return refuse(header.id, too_many_coroutines(limits_.coroutine_count, header.flags));

  invocation what;
  what.codec = static_cast<codec>(header.codec);
  what.spelling = header.flags & frame_flags::go_spelling ? spelling::go : spelling::declared;
  what.depth_limit = limits_.depth;
  what.result_limit = limits_.frame_bytes;
  what.nested = header.flags & frame_flags::by_method;
  what.watch = record_;
  auto const as = what.codec;
  auto const until = deadline_from_wire(header.deadline_us, read_at);
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
  if (!running_.add(header.id, {as, call, about.coroutine}))
    throw protocol_breach("a request with a call id that is already in use");
  what.time = &world_.clock;
  call->what = std::move(what);
  services_.start(*method, service_call_ptr(call.get()), world_.compute);
}

void request_runner::measured(std::size_t brief_method, duration ran) {
  brief_outcome_.running_us = brief_watch::microseconds(ran);
  if (!brief_watch_.is_offender(brief_method, ran)) return;
  world_.log.warn("node " + node_ + ": " + services_.methods()[brief_method].name + " is declared brief, but takes " +
                  std::to_string(brief_outcome_.running_us) + " us on the thread that serves all calls; the limit is " +
                  std::to_string(brief_watch::limit.count()) + " us; remove dist::brief from it");
}

void request_runner::on_done(call_id id, outcome& ended) {
  auto call = running_.take(id);
  if (!call) return;
  forget_timer(*call);
  answer(id, call->as, ended);
  watcher_.answered();
}

void request_runner::answer(call_id id, codec as, outcome& ended) {
  if (ended.error) return refuse(id, std::move(*ended.error), ended.running_us);
  frame_header header;
  header.kind = frame_kind::reply;
  header.codec = static_cast<std::uint8_t>(as);
  header.deadline_us = ended.running_us;
  header.id = id;
  if (!ended.tail.empty())
    session_.out().put(header, ended.payload.bytes(), ended.tail, std::move(ended.keep));
  else if (ended.payload.size() > outbox_copy_bytes)
    session_.out().put(header, std::move(ended.payload));
  else
    session_.out().put(header, ended.payload.bytes());
}

void request_runner::on_cancel(call_id id, std::uint32_t patience_us) {
  auto* call = running_.find(id);
  if (!call) return;
  call->scope->cancel();
  auto const end = deadline_from_wire(patience_us, world_.clock.now());
  if (end.is_never() || call->kill_timer != timer_id::none) return;
  if (auto const why = why_not_killed(*call); !why.empty()) {
    if (!std::exchange(said_why_not_killed_, true))
      world_.log.warn("node " + node_ + ": kill_after of " + call->scope->method() + " has no effect: " + why);
    return;
  }
  call->kill_timer = world_.clock.schedule(end.at(), [this, id] { kill(id); });
}

std::string request_runner::why_not_killed(running_calls::entry const& call) const {
  if (!record_) return "nothing would restart this process; start its nodes with --procs N";
  if (world_.compute.slots() > 1)
    return "the calls in its " + std::to_string(world_.compute.slots()) +
           " slots would be killed too; start one-slot nodes with --procs N";
  if (call.coroutine) return "the method is a coroutine, which ends at its next await";
  return {};
}

void request_runner::kill(call_id id) {
  auto& call = *running_.find(id);
  call.kill_timer = timer_id::none;
  // Cancelled before it began, it never will.
  if (!call.scope->has_begun()) return;
  running_.doom(call);
  world_.log.warn("node " + node_ + ": this process is ending because of kill_after: " + call.scope->method() +
                  " is still running, and its caller is gone");
  give_back();
  // Others that have started, and made nested calls, end first.
  if (running_.awaited() > 0) world_.compute.replace_thread();
  watcher_.process_ends();
}

void request_runner::give_back() {
  for (auto const id : running_.withdraw_waiting()) {
    auto call = running_.take(id);
    forget_timer(*call);
    refuse(id, make_fault(errc::draining, "its process ended before the method started"));
  }
}

}  // namespace dist
