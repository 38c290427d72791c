#include "record/run_record.hpp"

#include <utility>

#include "call/peer_calls.hpp"
#include "node/brief_watch.hpp"

namespace dist {

void run_record::queued(call_record const& call) {
  if (trace_) trace_->calls.waits(call, world_.clock.now());
}

void run_record::sent(call_record& call, call_id attempt, node_link& to, std::optional<issue_cost> again) {
  if (again) ++tally_.issued_again[static_cast<std::size_t>(*again)];
  ++to.tries.of(static_cast<placed_call const&>(call).method_number).sent;
  if (!trace_) return;
  trace_->calls.sent(call, to.name, world_.clock.now());
  drawn_.emplace(to_number(attempt), call_ptr(&call));
}

call_ptr run_record::take_drawn(call_id attempt) {
  auto const found = drawn_.extract(to_number(attempt));
  return found ? found.mapped() : call_ptr();
}

void run_record::draw_return(call_id attempt, node_link const& by, timeline::outcome how, bool is_awaited) {
  if (!is_awaited) how.text = "late";
  if (auto const call = take_drawn(attempt)) trace_->calls.returned(*call, by.name, how, world_.clock.now());
}

void run_record::answered(call_id attempt, node_link& by, attempt_end const& how,
                          std::uint32_t running_us, bool is_brief) {
  if (trace_) draw_return(attempt, by, {"ok", {}, {}, running_us}, how.is_awaited);
  count_running(how, by, running_us, is_brief);
  auto& counted = by.tries.of(how.method);
  if (!how.is_awaited) {
    ++counted.late;
    ++tally_.late_replies;
    return;
  }
  ++counted.answered;
  auto const took = std::chrono::duration_cast<std::chrono::microseconds>(by.heard_at - how.sent_at).count();
  auto const us = took > 0 ? static_cast<std::uint64_t>(took) : 0;
  auto const bucket = histogram::index(us);
  by.tries.took.add(us, bucket);
  auto& of_method = tally_.of(how.method);
  of_method.took.add(us, bucket);
  if (running_us != 0) of_method.ran.add(running_us);
  remember(by, how.method, past::answered, how.sent_at, by.heard_at);
}

void run_record::faulted(call_id attempt, node_link& by, attempt_end const& how, fault const& what,
                         std::uint32_t running_us, bool is_brief) {
  if (trace_) draw_return(attempt, by, {dist::to_text(what.code), what.message, {}, running_us}, how.is_awaited);
  auto const begun = what.known != progress::not_started;
  if (begun) count_running(how, by, running_us, is_brief);
  auto& counted = by.tries.of(how.method);
  if (!how.is_awaited) {
    ++counted.late;
    ++tally_.late_replies;
    return;
  }
  ++(begun ? counted.failed : counted.refused);
  if (begun) remember(by, how.method, past::failed, how.sent_at, by.heard_at);
}

void run_record::lost(ledger_note const& what, node_link& with) {
  ++with.tries.of(what.method).lost;
  auto const now = world_.clock.now();
  remember(with, what.method, past::lost, what.sent_at, now);
  if (!trace_) return;
  if (auto const call = take_drawn(what.attempt)) trace_->calls.returned(*call, with.name, {"lost", what.text, {}, 0}, now);
}

void run_record::count_running(attempt_end const& how, node_link const& by, std::uint32_t running_us, bool is_brief) {
  if (is_brief)
    account_.ran(std::chrono::microseconds(running_us) * brief_watch::one_of);
  else if (running_us != 0)
    account_.ran(std::chrono::microseconds(running_us));
  else  // a coroutine, or on a Go node: it is taken to have run all the time
    account_.ran(by.heard_at - how.sent_at);
}

void run_record::remember(node_link& by, method_ref method, past how, time_point sent_at, time_point now) {
  // Shorter or hidden calls are not visible: a fast cluster neither pays for them nor fills the memory with them.
  constexpr auto visible = std::chrono::milliseconds(50);
  if (now - by.drawn_at < (how == past::answered ? visible : visible / 10)) return;
  by.drawn_at = now;
  past_.add(by.name, method, how, sent_at, now);
}

void run_record::ended(call_record& record, call_reply const& reply) noexcept {
  auto const& call = static_cast<placed_call const&>(record);
  ++tally_.of(call.method_number).ended[reply.failed ? static_cast<std::size_t>(reply.failed->code) : 0];
  if (reply.failed && reply.failed->code != errc::cancelled && reply.failed->code != errc::stopped)
    failures_.add(*reply.failed, world_.clock.now());
  if (reply.failed && failure_file_) failure_file_->put(call, *reply.failed);
  if (trace_)
    trace_->calls.ended(call, reply.failed ? dist::to_text(reply.failed->code) : "answered", world_.clock.now());
}

void run_record::joined(std::string const& name) {
  account_.joined(name);
  if (trace_) trace_->calls.happened(name, "joined", world_.clock.now());
}

void run_record::left(node_link& node, departure how, std::string const& why) {
  if (how != departure::left) account_.lost(node.name, node.incarnation, why);
  if (trace_) trace_->calls.happened(node.name, "left: " + why, world_.clock.now());
  tally_.keep(node.tries);
  tally_.beats_heard += node.beats_heard;
  tally_.received_bytes += node.received_bytes();
  tally_.sent_bytes += node.sent_bytes();
}

void run_record::beat(registry_counts const& counts, duration since) {
  account_.there(counts.slots, since);
  if (trace_) trace_->beat(counts.queued, counts.in_use, world_.clock.now());
}

std::string run_record::account_text(duration under_way) const {
  account::counts counts;
  for (auto const& method : tally_.methods()) {
    if (!method) continue;
    for (std::size_t code = 0; code < method->ended.size(); ++code) {
      counts.calls += method->ended[code];
      if (is_unwanted(static_cast<errc>(code)))
        counts.cancelled += method->ended[code];
      else if (code != 0)
        counts.failed += method->ended[code];
    }
  }
  counts.issued_again = tally_.issued_again[static_cast<std::size_t>(issue_cost::loss)] +
                        tally_.issued_again[static_cast<std::size_t>(issue_cost::retry)];
  counts.elapsed = world_.clock.now() - begun_at_;
  counts.under_way = under_way;
  if (failure_file_) counts.failure_file = failure_file_->path();
  return account_.text(counts);
}

}  // namespace dist
