#include <dist/runtime/detail/call_book.hpp>

#include <algorithm>
#include <cassert>
#include <dist/rpc/detail/call_id.hpp>
#include <dist/rpc/detail/context_seams.hpp>
#include <utility>

namespace dist {
namespace {

fault fault_of(give_up_reason why) {
  switch (why) {
    case give_up_reason::cancelled: {
      auto what = make_fault(errc::cancelled, "");
      what.may = remedy::never;
      return what;
    }
    case give_up_reason::deadline: {
      auto what = make_fault(errc::deadline_exceeded, "no reply in time");
      what.may = remedy::if_repeatable;
      return what;
    }
    case give_up_reason::stopped: break;
  }
  return make_fault(errc::stopped, "the cluster was stopped");
}

}  // namespace

call_book::call_book(seams const& world, limits const& bounds)
    : world_(world), made_at_(world.clock.now()), limits_(bounded(bounds)), mailbox_(std::make_shared<mailbox>(world.io)),
      deadlines_(world.clock, [this](call_record& call) { end_early(call, give_up_reason::deadline); }) {
  context_seams::of(world.io.get_executor()).add(this, {&world.io, &world.clock, &world.compute});
}

call_book::~call_book() {
  assert(live_count() == 0 && "stop() first");
  mailbox_->close();
}

void call_book::start(call_ptr const& call) {
  // Once stopped, the io_context may be gone, and only the record is touched.
  if (mailbox_->closed()) return;
  if (on_io_thread()) return start_here(call);
  mailbox_->post([self = shared_from_this(), call] { self->start_here(call); });
}

void call_book::await(call_ptr const& call, std::unique_ptr<call_waiter> waiter) {
  if (mailbox_->closed()) return tell(*call, *waiter);
  if (on_io_thread()) return await_here(*call, std::move(waiter));
  // std::function wants copies; the waiter has only one owner.
  auto shared = std::make_shared<std::unique_ptr<call_waiter>>(std::move(waiter));
  if (mailbox_->post([self = shared_from_this(), call, shared] { self->await_here(*call, std::move(*shared)); })) return;
  tell(*call, **shared);
}

void call_book::cancel(call_ptr const& call) {
  if (mailbox_->closed()) return;
  if (on_io_thread()) return end_early(*call, give_up_reason::cancelled);
  mailbox_->post([self = shared_from_this(), call] { self->end_early(*call, give_up_reason::cancelled); });
}

std::string call_book::why(call_record const& call) const {
  if (call.state_ == call_record::state::fresh) return "not started";
  if (call.is_live()) return way_->why(call);
  auto const by = call.answered_by();
  return (by ? "it has ended on node " + *by : "it has ended") + way_->how_it_went(call);
}

void call_book::start_here(call_ptr const& call) {
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
  if (stopped_) return fail(*call, fault_of(give_up_reason::stopped));
  if (!call->deadline.is_never()) deadlines_.add(*call);
  way_->send_out(call);
}

void call_book::enlist(call_ptr const& call) {
  call->state_ = call_record::state::live;
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(places_.size()));
    places_.emplace_back();
  }
  auto const index = free_.back();
  free_.pop_back();
  places_[index].call = call;
  call->number_ = {index, places_[index].generation};
}

void call_book::await_here(call_record& call, std::unique_ptr<call_waiter> waiter) {
  if (call.state_ == call_record::state::fresh) start_here(call_ptr(&call));
  if (call.is_live())
    call.waiter_ = std::move(waiter);
  else
    tell(call, *waiter);
}

void call_book::tell(call_record& call, call_waiter& waiter) {
  call_reply reply;
  reply.at_once = true;
  auto const kept = std::move(call.kept_);
  if (!kept) {
    auto const gone = fault_of(give_up_reason::stopped);
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

void call_book::end_early(call_record& call, give_up_reason why) {
  call_ptr const keep(&call);
  if (call.state_ == call_record::state::fresh) enlist(keep);
  if (!call.is_live()) return;
  auto left = way_->give_up(call, why);
  if (!left) return;
  auto what = fault_of(why);
  what.known = left->known;
  what.phase = left->phase;
  what.node = std::move(left->node);
  what.cause = std::move(left->cause);
  fail(call, std::move(what));
}

bool call_book::is_too_late(call_record const& call, fault const& what) const noexcept {
  return !call.deadline.is_never() && call.deadline.at() <= world_.clock.now() && what.code != errc::deadline_exceeded &&
         what.code != errc::cancelled && what.code != errc::stopped;
}

void call_book::fail(call_record& call, fault what) noexcept {
  // A method whose own calls ran out of the same time may say so before our timer does: the caller's clock decides.
  if (call.is_live() && is_too_late(call, what)) {
    what.cause = what.message;
    what.message = "no reply in time";
    what.code = errc::deadline_exceeded;
    what.may = remedy::if_repeatable;
  }
  if (what.method.empty()) what.method = call.method->name;
  finish(call, call_reply::of(what));
}

void call_book::finish(call_record& call, call_reply const& reply) noexcept {
  if (!call.is_live()) return;
  call.state_ = call_record::state::done;
  deadlines_.remove(call);
  auto& here = places_[call.number_.index];
  call_ptr keep = std::move(here.call);
  here.generation = next_generation(here.generation);
  free_.push_back(call.number_.index);
  for (auto* const one : watchers_) one->ended(call, reply);
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

void call_book::tell_waiters() noexcept {
  for (std::size_t i = 0; i < to_tell_.size(); ++i) {
    auto const ended = std::move(to_tell_[i]);
    ended.waiter->on_reply(*ended.call, ended.reply);
  }
  to_tell_.clear();
}

void call_book::stop() noexcept {
  // Once stopped, the io_context may be gone before this is.
  if (!std::exchange(stopped_, true)) context_seams::of(world_.io.get_executor()).forget(this);
  // Those whose end is on its way have it soon.
  for (std::size_t i = 0; i < places_.size(); ++i)
    if (auto const call = places_[i].call) end_early(*call, give_up_reason::stopped);
  deadlines_.disarm();
  mailbox_->finish();
}

}  // namespace dist
