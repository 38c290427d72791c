#include "node/node_session.hpp"
#include "process/crash_record.hpp"

namespace dist {

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
