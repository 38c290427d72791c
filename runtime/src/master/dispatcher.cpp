#include "master/dispatcher.hpp"

#include <algorithm>
#include <dist/rpc/detail/large_blocks.hpp>
#include <dist/rpc/detail/value_error.hpp>
#include <utility>

#include "call/peer_calls.hpp"
#include "master/master_log.hpp"
#include "master/submission.hpp"
#include "record/why_text.hpp"

namespace dist {
namespace {

/// Most bytes kept of a process's reported end.
constexpr std::size_t longest_text = 500;

fault wrong_codec(call_record const& call, codec used) {
  auto const name = [](codec which) { return which == codec::json ? std::string("JSON") : std::string("CBOR"); };
  return make_fault(errc::bad_result, "the node answered in " + name(used) + " what was asked in " + name(call.codec));
}

}  // namespace

dispatcher::dispatcher(call_book& book, registry_settings const& settings, std::span<method_description const> expected)
    : book_(book),
      ledger_(settings, book.world().entropy.next(), book.world().clock.now()),
      methods_(expected),
      directory_(ledger_, methods_),
      record_(book.world()),
      alarm_(book.world().clock, [this] {
        ledger_.wake(now());
        carry_out();
      }),
      beat_at_(book.world().clock.now()) {
  for (auto const& method : expected) ledger_.methods().expect(method.name);
  ledger_.watch(world().log.wants(log_level::debug));
  book_.watch(record_);
}

void dispatcher::carry_out() {
  // What happens meanwhile joins the next round.
  has_news_ = true;
  if (std::exchange(is_carrying_out_, true)) return;
  while (std::exchange(has_news_, false)) {
    if (!ledger_.is_settled()) ledger_.settle(now());
    doing_.swap(ledger_.actions());
    for (auto const& one : doing_.notes) carry_out(one);
    for (auto const& one : doing_.to_nodes) carry_out(one);
    for (auto const& one : doing_.to_callers) carry_out(one);
    doing_.clear();
  }
  replies_.clear();
  is_carrying_out_ = false;
  alarm_.set(ledger_.next_wake());
}

void dispatcher::carry_out(node_action const& what) {
  auto* const node = find(what.node);
  if (what.what == node_action::kind::cancel) {
    if (!node) return;
    node->abandoned.add(to_number(what.attempt), nodes().method_name(what.method), now());
    return node->cancel(what.attempt, what.kill_after_us);
  }
  auto const* to_send = ledger_.to_be_sent(what.attempt);
  if (!node || !to_send) return;
  auto* const call = book_.at(what.call);
  if (world().log.wants(log_level::debug)) {
    world().log.debug([&] { return call->method->name + ": to " + node->name; });
    // The log handler may have ended the call.
    to_send = ledger_.to_be_sent(what.attempt);
    if (!to_send) return;
  }
  record_.sent(*call, what.attempt, *node, what.again);
  std::optional<fault> why_not;
  auto const frame = node->send(what.attempt, static_cast<placed_call&>(*call), to_send->sent_at, why_not);
  if (frame != 0) return ledger_.sent(what.attempt, frame);
  faulted(what.attempt, *node, std::move(*why_not));
}

void dispatcher::carry_out(caller_action const& what) {
  auto* const call = book_.at(what.call);
  static_cast<placed_call&>(*call).story = ledger_.forget(what.call);
  if (what.why) return book_.fail(*call, std::move(*what.why));
  // Nothing is read meanwhile, so no answer can come and move the others.
  auto const& reply = replies_[what.reply];
  world().log.debug([&] { return call->method->name + ": answered by " + std::string(reply.node); });
  book_.finish(*call, reply);
}

void dispatcher::carry_out(ledger_note const& what) {
  auto const& method = nodes().method_name(what.method);
  if (what.what != ledger_note::kind::queued) return say(world().log, what, method);
  if (auto* const call = book_.at(what.call)) record_.queued(*call);
  world().log.debug([&] { return method + ": waits: " + ledger_.standing(what.call).waits; });
}

// Calls

void dispatcher::send_out(call_ptr const& call) {
  auto const number = methods_.find(*call->method, !call->own_method, ledger_.methods(), ledger_.may_be_heard_of());
  if (!number) return book_.fail(*call, number.error());
  static_cast<placed_call&>(*call).method_number = *number;
  ledger_.take(submission(*call, *number), now());
  carry_out();
}

std::optional<end_facts> dispatcher::give_up(call_record& call, give_up_reason) {
  auto left = ledger_.given_up(call.number());
  if (left) static_cast<placed_call&>(call).story = ledger_.forget(call.number());
  carry_out();
  return left;
}

void dispatcher::answered(call_id attempt, node_link& by, call_reply const& reply) {
  auto const* there = ledger_.find(attempt, by.id);
  if (!there) return;
  if (auto const* call = by.keeps_codec ? book_.at(there->call) : nullptr; call && call->codec != reply.codec)
    return faulted(attempt, by, wrong_codec(*call, reply.codec), reply.running_us);
  returned(attempt, by);
  auto const told = ledger_.take(dist::answered{attempt, reply.running_us, static_cast<std::uint32_t>(replies_.size())},
                                 by.heard_at);
  replies_.push_back(reply);
  replies_.back().lasts = false;
  record_.answered(attempt, by, told, reply.running_us, ledger_.methods().is_brief(told.method));
  if (told.takes_again) {
    world().log.info("node " + by.name + " answered a call and takes calls again");
    directory_.waiters().tell(nodes().counts().living);
  }
  if (!reply.lasts) carry_out();
}

void dispatcher::faulted(call_id attempt, node_link& by, fault what, std::uint32_t running_us) {
  auto const* there = ledger_.find(attempt, by.id);
  if (!there) return;
  auto const method = there->method;
  if (auto* const call = book_.at(there->call)) {
    what.method = call->method->name;
    world().log.debug([&] { return call->method->name + ": " + by.name + " says: " + to_text(what); });
  }
  // The log handler may have ended the call, but not the attempt.
  returned(attempt, by);
  auto const told = ledger_.take(dist::faulted{attempt, running_us, what}, now());
  record_.faulted(attempt, by, told, what, running_us, ledger_.methods().is_brief(method));
  if (told.set_aside) say_set_aside(world().log, by.name, *told.set_aside, nodes().method_name(method), what);
  carry_out();
}

/// The node has answered a call, perhaps an abandoned one.
void dispatcher::returned(call_id attempt, node_link& by) {
  if (by.abandoned.size() == 0) return;
  if (auto const line = by.abandoned.remove(to_number(attempt), by.name, now())) world().log.info(*line);
}

std::uint32_t dispatcher::origin_of(call_id attempt, node_link& on) {
  auto const* there = ledger_.find(attempt, on.id);
  return there ? static_cast<std::uint32_t>(there->caller) : own_origin;
}

// Nodes

result<joined> dispatcher::join(node_link& node, node_info info) {
  node.incarnation = info.incarnation;
  auto in = ledger_.join(std::move(info), node.is_supervised, now());
  if (!in) return in;
  node.id = in->id;
  node.name = in->name;
  links_.add(node);
  record_.joined(node.name);
  return in;
}

void dispatcher::ready(joined const& in) {
  if (auto* const old = in.replaced ? find(*in.replaced) : nullptr) {
    auto const same_process = old->incarnation != 0 && old->incarnation == find(in.id)->incarnation;
    auto const why =
        same_process ? "node " + in.name + " has reconnected" : "a newer process of node " + in.name + " has joined";
    old->close(why);
    // The fate of a silent process is unknown.
    leave(*old, !same_process && in.replaced_silent ? departure::silent : departure::left, why);
  }
  ledger_.ready(in.id, now());
  auto const living = nodes().counts().living;
  directory_.waiters().own().joined(living);
  directory_.waiters().tell(living);
  carry_out();
}

void dispatcher::leave(node_link& node, departure how, std::string const& why) {
  if (!links_.remove(node)) return;
  auto const noted = ledger_.actions().notes.size();
  ledger_.take(gone{node.id, how, why, node.written()}, now());
  auto const& notes = ledger_.actions().notes;
  for (auto i = noted; i < notes.size(); ++i)
    if (notes[i].what == ledger_note::kind::lost) record_.lost(notes[i], node);
  record_.left(node, how, why);
  carry_out();
}

void dispatcher::process_ended(predecessor const& which) {
  // Cut between characters: half a one would make the fault unreadable for a job that is connected.
  dist::process_ended const event{which.incarnation, shortened(which.end, longest_text),
                                  shortened(which.running, longest_text)};
  auto const old = std::ranges::find_if(links_, [&](auto const& one) {
    return one.second->incarnation == event.incarnation && one.second->is_supervised;
  });
  if (old != links_.end()) {
    // Its connection has not ended yet; the name is free for the next one from here on.
    auto& node = *old->second;
    auto const why = "its process ended: " + event.end;
    node.close(why);
    leave(node, departure::died, why);
  }
  record_.explain(event.incarnation, event.end);
  ledger_.take(event, now());
  carry_out();
}

void dispatcher::heard(node_link& node) {
  node.heard_at = now();
  if (!ledger_.heard(node.id, node.heard_at)) return;
  directory_.waiters().tell(nodes().counts().living);
  carry_out();
}

void dispatcher::drain(node_link& node) {
  ledger_.drains(node.id);
  carry_out();
}

bool dispatcher::drain(std::string_view name) {
  for (auto const& node : nodes().nodes()) {
    if (node.info->name != name) continue;
    auto& there = *links_.find(node.id);
    // First stop sending; if the node drains already, it takes the frame as the end of the requests.
    drain(there);
    there.drain();
    return true;
  }
  return false;
}

void dispatcher::beat() {
  large_blocks::return_unused();
  for (auto const& [id, node] : links_) {
    record_.beat_sent();
    node->beat(in_flight_on(id));
    for (auto const& line : node->abandoned.due(node->name, now())) world().log.warn(line);
  }
  auto const time = now();
  record_.beat(nodes().counts(), time - std::exchange(beat_at_, time));
  for (auto const& event : ledger_.tick(time)) {
    auto* const node = find(event.node);
    if (!node) continue;
    say(world().log, event.change, node->name);
    if (event.change != liveness_change::became_lost) continue;
    node->close("silent for too long");
    leave(*node, departure::silent, "it was silent for too long");
  }
  directory_.waiters().tell(nodes().counts().living);
  carry_out();
}

std::string dispatcher::place_of(call_record const& call) const {
  auto const there = ledger_.standing(call.number());
  return there.on.empty() ? std::string() : there.on.front();
}

std::string dispatcher::why(call_record const& call) const {
  return why_text(ledger_.standing(call.number()));
}

std::string dispatcher::how_it_went(call_record const& call) const {
  return story_text(static_cast<placed_call const&>(call).story, call.answered_by().has_value());
}

std::string dispatcher::account_text() const {
  duration under_way{};
  for (auto const& [id, node] : links_) {
    // The first ones run, the others were sent ahead.
    auto running = ledger_.node(id)->slots;
    ledger_.each_attempt(id, [&](call_id, attempt const& one) {
      if (running == 0) return;
      --running;
      under_way += now() - one.sent_at;
    });
  }
  return record_.account_text(under_way);
}

void dispatcher::stop() {
  book_.stop();
  record_.close();
  directory_.waiters().stop(make_fault(errc::stopped, "the cluster was stopped"));
  alarm_.set(time_point::max());
}

}  // namespace dist
