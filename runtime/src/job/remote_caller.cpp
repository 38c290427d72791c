#include "job/remote_caller.hpp"

#include <algorithm>
#include <dist/runtime/pending.hpp>
#include <iterator>

#include "call/no_room.hpp"
#include "master/served_calls.hpp"
#include "wire/hello.hpp"

namespace dist {

namespace {

/// A job that is connected does not see who of the master's nodes has a call.
constexpr char const* whole_cluster = "calls at the master";

constexpr auto tell_patience = std::chrono::seconds(10);

constexpr char const* connection_ended = "the connection to the master ended: ";

constexpr char const* master_stopped = "the master stopped";

/// The caller's options that still apply.
request_options options_left(call_record const& call) {
  auto left = *call.options;
  if (left.node_wait_us)
    left.node_wait_us = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(call.node_wait).count());
  return left;
}

/// Of a request whose answer says nothing but that it is one.
class end_waiter final : public call_waiter {
 public:
  explicit end_waiter(std::function<void(fault const*)> done) : done_(std::move(done)) {}
  void on_reply(call_record const&, call_reply const& reply) noexcept override { done_(reply.failed); }

 private:
  std::function<void(fault const*)> done_;
};

class nodes_lister final : public call_waiter {
 public:
  nodes_lister(node_directory::nodes_taker done, std::string method, std::size_t depth_limit)
      : done_(std::move(done)), method_(std::move(method)), depth_limit_(depth_limit) {}
  void on_reply(call_record const& call, call_reply const& reply) noexcept override {
    auto nodes = read_reply<std::vector<listed_node>>(*call.method, reply, depth_limit_);
    if (!nodes.has_error()) return done_(std::move(nodes));
    // People know the method that was to be called.
    auto what = std::move(nodes).error();
    what.method = std::move(method_);
    done_(std::move(what));
  }

 private:
  node_directory::nodes_taker done_;
  std::string method_;
  std::size_t depth_limit_;
};

}  // namespace

call_ptr remote_caller::list_nodes(call_record const& like, nodes_taker done) {
  static method_key const key{std::string(list_nodes_method), true, nullptr};
  auto const call = make_own_call(key);
  call->deadline = like.deadline;
  call->node_wait = like.node_wait;
  auto const needs = like.options ? like.options->needs : std::vector<std::string>();
  call->early_problem = encode_arguments(codec::cbor, spelling::declared, call->arguments, like.method->name, needs);
  book_.start(call);
  book_.await(call, std::make_unique<nodes_lister>(std::move(done), like.method->name, bounds().depth));
  return call;
}

std::shared_ptr<void> remote_caller::when_nodes(std::size_t count, nodes_waiter done) {
  static method_key const key{std::string(wait_for_nodes_method), true, nullptr};
  auto const call = make_own_call(key);
  call->early_problem = encode_arguments(codec::cbor, spelling::declared, call->arguments, std::uint64_t{count});
  book_.start(call);
  book_.await(call, std::make_unique<end_waiter>(std::move(done)));
  struct waiting {
    std::shared_ptr<call_book> on;
    call_ptr question;
    ~waiting() { on->cancel(question); }
  };
  return std::make_shared<waiting>(book_.shared_from_this(), call);
}

void remote_caller::show_text(std::string_view lines, bool is_shown, told done) {
  static method_key const key{std::string(show_text_method), false, nullptr};
  auto const call = make_own_call(key);
  call->early_problem =
      encode_arguments(codec::cbor, spelling::declared, call->arguments, std::string(lines), is_shown);
  tell(call, std::move(done));
}

void remote_caller::show_progress(std::vector<fan_out_report> const& fan_outs, told done) {
  static method_key const key{std::string(show_progress_method), true, nullptr};
  auto const call = make_own_call(key);
  call->early_problem = encode_arguments(codec::cbor, spelling::declared, call->arguments, fan_outs);
  tell(call, std::move(done));
}

void remote_caller::tell(call_ptr const& what, told done) {
  // A master that does not know the request looks for a node that does.
  what->deadline = dist::deadline(later(world().clock.now(), tell_patience));
  book_.start(what);
  book_.await(what, std::make_unique<end_waiter>(std::move(done)));
}

call_ptr remote_caller::make_own_call(method_key const& key) {
  remote_ptr const call(new call_record_of_remote);
  call->method = &key;
  call->is_own = true;
  return call;
}

std::string remote_caller::account_text() const {
  auto counts = counts_;
  counts.elapsed = book_.age();
  if (failure_file_) counts.failure_file = failure_file_->path();
  return account::text_at_master(counts, connections_lost_);
}

fault remote_caller::no_connection(errc why) const {
  auto what = make_fault(why, "no connection to the master: " + detached_why_);
  what.known = progress::not_started;
  what.phase = "connecting";
  return what;
}

void remote_caller::fail(call_record_of_remote& call, fault what) {
  if (!call.lost_because.empty()) {
    if (what.known == progress::not_started) what.known = progress::unknown;
    if (what.cause.empty()) what.cause = call.lost_because;
  }
  book_.fail(call, std::move(what));
}

void remote_caller::send_out(call_ptr const& call) {
  remote_ptr const remote(static_cast<call_record_of_remote*>(call.get()));
  if (call->parent_blocks && refusal_)
    if (auto why = refusal_(*call)) return fail(*remote, std::move(*why));
  if (auto other = own_.refuse(*call->method)) return fail(*remote, std::move(*other));
  losses_.called();
  if (!session_ || master_stops_) return waits_ ? wait(remote) : fail(*remote, no_connection(errc::connection_lost));
  if (session_->is_full())
    return fail(*remote,
                make_fault(errc::overloaded, "the limit (outbox_bytes) of " + std::to_string(bounds().outbox_bytes) +
                                                 " bytes waiting to be sent is reached; start fewer calls at once "
                                                 "(fan_out().window_bytes limits a fan-out)"));
  send(remote);
}

void remote_caller::wait(remote_ptr const& call) {
  if (waiting_bytes_ + call->arguments.size() > bounds().outbox_bytes ||
      waiting_.size() >= bounds().calls_per_connection) {
    auto what = no_connection(errc::overloaded);
    what.message += "; the limits (calls_per_connection, outbox_bytes) of " +
                    std::to_string(bounds().calls_per_connection) + " calls and " +
                    std::to_string(bounds().outbox_bytes) + " bytes waiting for it are reached";
    return fail(*call, std::move(what));
  }
  put_waiting(call, waiting_.end());
}

void remote_caller::put_waiting(remote_ptr const& call, std::list<remote_ptr>::iterator before) {
  auto const now = world().clock.now();
  waiting_bytes_ += call->arguments.size();
  if (trace_ && !call->is_own) trace_->calls.waits(*call, now);
  call->waits = waiting_.insert(before, call);
  call->waits_since = now;
  if (call->node_wait == duration::max()) return;
  call->node_wait_timer = world().clock.schedule(later(now, call->node_wait), [this, raw = call.get()] {
    raw->node_wait_timer = timer_id::none;
    fail(*take_waiting(*raw), no_connection(errc::no_node));
  });
}

remote_caller::remote_ptr remote_caller::take_waiting(call_record_of_remote& call) noexcept {
  remote_ptr taken = std::move(**call.waits);
  waiting_bytes_ -= call.arguments.size();
  waiting_.erase(*std::exchange(call.waits, std::nullopt));
  if (call.node_wait != duration::max())
    call.node_wait -= std::min(call.node_wait, world().clock.now() - call.waits_since);
  if (call.node_wait_timer != timer_id::none)
    world().clock.cancel(std::exchange(call.node_wait_timer, timer_id::none));
  return taken;
}

void remote_caller::ended(call_record& call, call_reply const& reply) noexcept {
  auto& remote = static_cast<call_record_of_remote&>(call);
  if (!remote.is_own) {
    ++counts_.calls;
    if (reply.failed) ++(is_unwanted(reply.failed->code) ? counts_.cancelled : counts_.failed);
    if (reply.failed && failure_file_) failure_file_->put(call, *reply.failed);
  }
  if (trace_ && !remote.is_own) {
    auto const now = world().clock.now();
    auto const how = reply.failed ? dist::to_text(reply.failed->code) : "ok";
    trace_->calls.returned(call, whole_cluster,
                           {how, reply.failed ? reply.failed->message : std::string(), reply.node, reply.running_us}, now);
    trace_->calls.ended(call, how, now);
  }
  if (remote.waits) take_waiting(remote);
}

void remote_caller::attach(connection& to) {
  session_ = &to;
  master_stops_ = false;
  send_waiting();
}

void remote_caller::send_waiting() {
  auto const now = world().clock.now();
  std::vector<remote_ptr> ready;
  bool spent = false;
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    auto& call = **at++;
    if (!call.lost_because.empty() && (spent = spent || !losses_.try_take(now))) continue;
    ready.push_back(take_waiting(call));
  }
  if (spent)
    send_waiting_later();
  else
    pauses_ = 0;
  // One that fails here may make its caller end others.
  for (auto const& call : ready)
    if (call->is_live()) send(call);
}

void remote_caller::send_waiting_later() {
  auto const pause = retry_delay(retry_settings(), ++pauses_, world().entropy.next());
  pause_timer_ = world().clock.schedule(world().clock.now() + pause, [this] {
    pause_timer_ = timer_id::none;
    send_waiting();
  });
}

void remote_caller::send(remote_ptr const& call) {
  buffer options;
  if (call->options) {
    auto const has_waited = call->waits_since != time_point() && call->node_wait != duration::max();
    auto const problem = has_waited ? encode(options_left(*call), options) : encode(*call->options, options);
    if (!problem.empty()) return fail(*call, make_fault(errc::limit_exceeded, problem));
  }
  call->id = table_.open(call);
  call->sent = true;
  if (!call->lost_because.empty() && !call->is_own) ++counts_.issued_again;
  if (trace_ && !call->is_own) trace_->calls.sent(*call, whole_cluster, world().clock.now());
  frame_header header;
  header.kind = frame_kind::request;
  header.flags = static_cast<std::uint8_t>(
      frame_flags::named | (call->parent ? frame_flags::nested : 0) | (call->once ? frame_flags::once : 0) |
      (call->reply_spelling == spelling::go ? frame_flags::go_spelling : 0) |
      (call->lost_because.empty() ? 0 : frame_flags::again));
  if (call->options) header.flags |= frame_flags::options;
  if (call->parent && call->parent_blocks) header.flags |= frame_flags::blocks;
  header.codec = static_cast<std::uint8_t>(call->codec);
  header.method = call->method->repeatable ? repeatable_by_type : 0;
  header.deadline_us = to_wire(call->deadline, world().clock.now());
  header.id = call->id;
  buffer prefix;
  put_prefix(prefix, header.flags, {call->parent.value_or(call_id{}), call->method->name, options.bytes(), 0});
  auto const bytes = call->arguments.bytes();
  if (bytes.size() > outbox_copy_bytes)
    session_->out().put(header, prefix.bytes(), bytes, std::shared_ptr<void const>(call.get(), [call](void const*) {}));
  else
    session_->out().put(header, prefix.bytes(), bytes);
  call->frame = session_->out().last_begin();
}

std::optional<end_facts> remote_caller::give_up(call_record& call, give_up_reason) {
  auto& remote = static_cast<call_record_of_remote&>(call);
  auto const known = remote.lost_because.empty() ? progress::not_started : progress::unknown;
  if (!remote.sent) return end_facts{known, "connecting", {}, remote.lost_because};
  // The id is dead from here on: a late answer finds nothing.
  auto const keep = table_.close(remote.id);
  if (keep && session_) {
    frame_header header;
    header.kind = frame_kind::cancel;
    header.id = remote.id;
    session_->out().put(header);
  }
  return end_facts{progress::unknown, "running", {}, remote.lost_because};
}

void remote_caller::on_reply(frame& in) {
  auto const call = table_.close(in.header().id);
  if (!call) return;
  if (in.is_dropped())
    return fail(**call, no_room("the result", in.header().payload_bytes, session_->memory(), progress::executed));
  book_.finish(**call, call_reply::of(in));
}

void remote_caller::on_fault(frame& in) {
  auto const call = table_.close(in.header().id);
  if (!call) return;
  if (in.is_dropped())
    return fail(**call, no_room("the fault", in.header().payload_bytes, session_->memory(), progress::unknown));
  auto what = get_fault(in.bytes(), bounds().depth);
  if (waits_ && what.code == errc::stopped && what.known != progress::executed) return given_back(*call, what);
  fail(**call, std::move(what));
}

bool remote_caller::may_go_again(call_record const& call) noexcept {
  // The master has the last word: it knows what the nodes list. It is the only one who knows where a call was made by name.
  return (call.method->repeatable || call.own_method) && !call.once && !call.parent;
}

void remote_caller::given_back(remote_ptr const& call, fault const& what) {
  master_stops_ = true;
  auto const begun = what.known != progress::not_started;
  if (begun && !may_go_again(*call)) {
    auto gone = make_fault(errc::connection_lost, std::string(connection_ended) + master_stopped);
    gone.known = progress::unknown;
    gone.phase = "running";
    gone.node = what.node;
    return fail(*call, std::move(gone));
  }
  if (begun) lost(*call, master_stopped);
  call->sent = false;
  given_back_.push_back(call);
}

void remote_caller::lost(call_record_of_remote& call, std::string const& why) {
  if (call.lost_because.empty()) call.lost_because = connection_ended + why;
}

void remote_caller::detach(std::string const& why) noexcept {
  auto const last_written = session_ ? session_->out().written_bytes() : 0;
  if (session_) ++connections_lost_;
  session_ = nullptr;
  detached_why_ = why;
  if (pause_timer_ != timer_id::none) world().clock.cancel(std::exchange(pause_timer_, timer_id::none));
  auto calls = table_.close_all();
  std::ranges::move(std::exchange(given_back_, {}), std::back_inserter(calls));
  std::ranges::sort(calls, {}, [](remote_ptr const& call) { return call->frame; });
  auto const was_lost = [last_written](remote_ptr const& call) { return call->sent && call->frame <= last_written; };
  // No user code runs before all have their place: calls started when the others fail come after them.
  std::vector<remote_ptr> ended;
  std::uint64_t may_have_run = 0;
  auto const place = waiting_.begin();
  for (auto const& call : calls) {
    if (!call->is_live()) continue;
    auto const written = was_lost(call);
    if (!waits_ || (written && !may_go_again(*call))) {
      ended.push_back(call);
      continue;
    }
    if (trace_ && !call->is_own) trace_->calls.returned(*call, whole_cluster, {"lost", why, {}, 0}, world().clock.now());
    if (written) lost(*call, why);
    if (!call->lost_because.empty()) ++may_have_run;
    call->sent = false;
    put_waiting(call, place);
  }
  losses_.bear(most_lost_ = std::max(most_lost_, may_have_run));
  for (auto const& call : ended) {
    auto const written = was_lost(call);
    auto what = make_fault(errc::connection_lost, connection_ended + why);
    what.known = written ? progress::unknown : progress::not_started;
    what.phase = written ? "running" : "sending";
    fail(*call, std::move(what));
  }
}

void remote_caller::give_up(std::string const& why) noexcept {
  detached_why_ = why;
  waits_ = false;
  while (!waiting_.empty()) fail(*take_waiting(*waiting_.front()), no_connection(errc::connection_lost));
}

void remote_caller::stop() noexcept {
  if (pause_timer_ != timer_id::none) world().clock.cancel(std::exchange(pause_timer_, timer_id::none));
  book_.stop();
  given_back_.clear();
}

}  // namespace dist
