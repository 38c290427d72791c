#include <dist/runtime/detail/caller.hpp>

#include <algorithm>
#include <cassert>
#include <dist/rpc/detail/context_seams.hpp>
#include <dist/rpc/detail/event.hpp>
#include <dist/runtime/detail/progress_watch.hpp>
#include <utility>

namespace dist {

void call_record::set_options(std::shared_ptr<request_options const> wishes) {
  options = std::move(wishes);
  if (!options || !options->node_wait_us) return;
  // It may come from a peer: what does not fit is as good as for ever.
  constexpr auto longest = std::chrono::floor<std::chrono::microseconds>(duration::max());
  if (*options->node_wait_us < static_cast<std::uint64_t>(longest.count()))
    node_wait = std::chrono::microseconds(*options->node_wait_us);
}

caller::caller(seams const& world, limits const& bounds)
    : world_(world), made_at_(world.clock.now()), limits_(bounded(bounds)), mailbox_(std::make_shared<mailbox>(world.io)) {
  context_seams::of(world.io.get_executor()).add(this, {&world.io, &world.clock, &world.compute});
}

caller::~caller() {
  assert(live_.empty() && "stop_calls() first");
  mailbox_->close();
}

void caller::start(call_ptr const& call) {
  // Once stopped, the io_context may be gone, and only the record is touched.
  if (mailbox_->closed()) return;
  if (on_io_thread()) return start_here(call);
  mailbox_->post([self = shared_from_this(), call] { self->start_here(call); });
}

void caller::await(call_ptr const& call, std::unique_ptr<call_waiter> waiter) {
  if (mailbox_->closed()) return tell(*call, *waiter);
  if (on_io_thread()) return await_here(*call, std::move(waiter));
  // std::function wants copies; the waiter has only one owner.
  auto shared = std::make_shared<std::unique_ptr<call_waiter>>(std::move(waiter));
  if (mailbox_->post([self = shared_from_this(), call, shared] { self->await_here(*call, std::move(*shared)); })) return;
  tell(*call, **shared);
}

void caller::cancel(call_ptr const& call) {
  if (mailbox_->closed()) return;
  if (on_io_thread()) return end_early(*call, errc::cancelled);
  mailbox_->post([self = shared_from_this(), call] { self->end_early(*call, errc::cancelled); });
}

task<void> caller::wait_for_nodes(std::size_t count) {
  struct waiting {
    event done;
    std::optional<fault> failed;
  };
  auto const mine = std::make_shared<waiting>();
  auto const wait = when_nodes(count, [weak = std::weak_ptr<waiting>(mine)](fault const* failed) {
    auto const alive = weak.lock();
    if (!alive) return;
    if (failed) alive->failed = *failed;
    alive->done.set();
  });
  co_await mine->done.wait();
  if (mine->failed) throw call_error(*mine->failed);
}

void caller::warn_once(std::string what, std::string_view line) {
  constexpr std::size_t most = 1000;
  if (warned_.size() < most && warned_.insert(std::move(what)).second) world_.log.warn(line);
}

std::vector<fan_out_report> caller::fan_outs() const {
  std::vector<fan_out_report> made;
  // Those that end from now on are not taken off the list.
  if (is_stopped()) return made;
  for (auto at = fan_outs_.begin(); at != fan_outs_.end() && made.size() < most_fan_outs; ++at)
    made.push_back((*at)->report());
  return made;
}

task<void> caller::own_nodes_joined() { co_return; }

task<std::vector<listed_node>> caller::nodes_for(call_ptr like) {
  auto joined = own_nodes_joined();
  co_await std::move(joined);
  if (is_stopped()) throw call_error(make_fault(errc::stopped, "the cluster was stopped"));
  struct waiting {
    event done;
    std::optional<result<std::vector<listed_node>>> nodes;
  };
  auto const mine = std::make_shared<waiting>();
  nodes_taker const take = [weak = std::weak_ptr<waiting>(mine)](result<std::vector<listed_node>> nodes) {
    auto const alive = weak.lock();
    if (!alive) return;
    alive->nodes = std::move(nodes);
    alive->done.set();
  };
  struct asking {
    std::shared_ptr<caller> on;
    call_ptr question;
    ~asking() {
      if (question) on->cancel(question);
    }
  } const until_answered{shared_from_this(), list_nodes(*like, take)};
  co_await mine->done.wait();
  co_return std::move(*mine->nodes).value();
}

std::string caller::why(call_record const& call) const {
  if (call.state_ == call_record::state::fresh) return "it has not been started";
  if (is_live(call)) return why_there(call);
  auto const by = call.answered_by();
  return (by ? "it has ended on node " + *by : "it has ended") + how_it_went(call);
}

void caller::start_here(call_ptr const& call) {
  // Where it was awaited or cancelled here before its start came through from another thread, that has been done.
  if (call->state_ != call_record::state::fresh) return;
  enlist(call);
  if (call->arguments.size() > limits_.frame_bytes - std::min(limits_.frame_bytes, most_prefix_bytes))
    return fail(*call, make_fault(errc::limit_exceeded, "the arguments have " + std::to_string(call->arguments.size()) +
                                                            " bytes; the limit (frame_bytes) is " +
                                                            std::to_string(limits_.frame_bytes) +
                                                            "; all ends can raise it: --limit frame_bytes=SIZE"));
  if (call->method->name.size() > most_name_bytes)
    return fail(*call, make_fault(errc::unknown_method, "a method's name has at most 255 bytes"));
  if (!call->early_problem.empty()) return fail(*call, make_fault(errc::bad_arguments, call->early_problem));
  if (stopped_) return fail(*call, make_fault(errc::stopped, "the cluster was stopped"));
  if (!call->deadline.is_never())
    call->deadline_timer_ = world_.clock.schedule(call->deadline.at(), [this, raw = call.get()] {
      // The record is live, so live_ keeps it.
      raw->deadline_timer_ = timer_id::none;
      end_early(*raw, errc::deadline_exceeded);
    });
  dispatch(call);
}

void caller::enlist(call_ptr const& call) {
  call->state_ = call_record::state::live;
  call->live_index_ = live_.size();
  live_.push_back(call);
}

void caller::await_here(call_record& call, std::unique_ptr<call_waiter> waiter) {
  if (call.state_ == call_record::state::fresh) start_here(call_ptr(&call));
  if (is_live(call))
    call.waiter_ = std::move(waiter);
  else
    tell(call, *waiter);
}

void caller::tell(call_record& call, call_waiter& waiter) {
  call_reply reply;
  reply.at_once = true;
  auto const kept = std::move(call.kept_);
  if (!kept) {
    auto const gone = make_fault(errc::stopped, "the cluster was stopped");
    reply.failed = &gone;
    return waiter.on_reply(call, reply);
  }
  if (kept->failed) reply.failed = &*kept->failed;
  reply.codec = kept->codec;
  reply.bytes = kept->bytes.bytes();
  reply.node = kept->node;
  call.set_answered_by(reply.node);
  waiter.on_reply(call, reply);
}

void caller::end_early(call_record& call, errc why) {
  call_ptr const keep(&call);
  if (call.state_ == call_record::state::fresh) enlist(keep);
  if (!is_live(call)) return;
  auto const left = abandon(call);
  auto what = make_fault(why, why == errc::deadline_exceeded ? "no answer in time" : "");
  what.known = left.known;
  what.may = why == errc::cancelled ? remedy::never : remedy::if_repeatable;
  what.phase = left.phase;
  what.node = left.node;
  what.cause = left.cause;
  fail(call, std::move(what));
}

bool caller::is_too_late(call_record const& call, fault const& what) const noexcept {
  return !call.deadline.is_never() && call.deadline.at() <= world_.clock.now() && what.code != errc::deadline_exceeded &&
         what.code != errc::cancelled && what.code != errc::stopped;
}

void caller::fail(call_record& call, fault what) noexcept {
  // A method whose own calls ran out of the same time may say so before our timer does: the caller's clock decides.
  if (is_live(call) && is_too_late(call, what)) {
    what.cause = what.message;
    what.message = "no answer in time";
    what.code = errc::deadline_exceeded;
    what.may = remedy::if_repeatable;
  }
  if (what.method.empty()) what.method = call.method->name;
  finish(call, call_reply::of(what));
}

void caller::finish(call_record& call, call_reply const& reply) noexcept {
  if (!is_live(call)) return;
  call.state_ = call_record::state::done;
  if (call.deadline_timer_ != timer_id::none)
    world_.clock.cancel(std::exchange(call.deadline_timer_, timer_id::none));
  call_ptr keep = std::move(live_[call.live_index_]);
  if (call.live_index_ + 1 != live_.size()) {
    live_[call.live_index_] = std::move(live_.back());
    live_[call.live_index_]->live_index_ = call.live_index_;
  }
  live_.pop_back();
  ended(call, reply);
  if (auto waiter = std::move(call.waiter_)) {
    call.set_answered_by(reply.node);
    if (reply.lasts) {
      to_tell_.push_back({std::move(keep), std::move(waiter), reply});
      return;
    }
    return waiter->on_reply(call, reply);
  }
  auto kept = std::make_unique<call_record::kept_reply>();
  if (reply.failed) kept->failed = *reply.failed;
  kept->codec = reply.codec;
  if (reply.source)
    kept->bytes = reply.source->take();
  else
    kept->bytes = payload(buffer(reply.bytes));
  kept->node = reply.node;
  call.kept_ = std::move(kept);
}

void caller::tell_waiters() noexcept {
  for (std::size_t i = 0; i < to_tell_.size(); ++i) {
    auto const ended = std::move(to_tell_[i]);
    ended.waiter->on_reply(*ended.call, ended.reply);
  }
  to_tell_.clear();
}

void caller::stop_calls() noexcept {
  // Once stopped, the io_context may be gone before this is.
  if (!std::exchange(stopped_, true)) context_seams::of(world_.io.get_executor()).forget(this);
  while (!live_.empty()) {
    auto const call = live_.back();
    auto const left = abandon(*call);
    auto what = make_fault(errc::stopped, "the cluster was stopped");
    what.known = left.known;
    what.phase = left.phase;
    what.node = left.node;
    what.cause = left.cause;
    fail(*call, std::move(what));
  }
  mailbox_->finish();
}

}  // namespace dist
