#include "master/dispatcher.hpp"

#include <algorithm>
#include <dist/rpc/detail/large_blocks.hpp>
#include <dist/rpc/detail/value_error.hpp>
#include <utility>

#include "call/peer_calls.hpp"
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
      record_(book.world()),
      beat_at_(book.world().clock.now()) {
  for (auto const& method : expected) ledger_.methods().expect(method.name);
  ledger_.watch(world().log.wants(log_level::debug));
  book_.watch(record_);
}

dispatcher::~dispatcher() = default;

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
  set_timer();
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
  auto* const call = book_.at(what.call);
  auto const& method = nodes().method_name(what.method);
  switch (what.what) {
    case ledger_note::kind::queued:
      if (call) record_.queued(*call);
      world().log.debug([&] { return method + ": waits: " + ledger_.standing(what.call).waits; });
      return;
    case ledger_note::kind::waits_for:
      return world().log.warn(what.text + ": calls of " + method + " wait for one");
    case ledger_note::kind::copied:
      world().log.debug([&] { return method + ": as well as on " + what.node + ", which is silent"; });
      return;
    case ledger_note::kind::lost:
      world().log.debug([&] { return method + ": lost with " + what.node + ": " + what.text; });
      return;
    case ledger_note::kind::moved_home:
      world().log.debug([&] { return method + ": no other than node " + what.node + ", which drains, can take it"; });
      return;
  }
}

void dispatcher::set_timer() {
  auto const due = ledger_.next_wake();
  if (due == wake_at_) return;
  if (wake_ != timer_id::none) world().clock.cancel(std::exchange(wake_, timer_id::none));
  wake_at_ = due;
  if (due == time_point::max()) return;
  wake_ = world().clock.schedule(due, [this] {
    wake_ = timer_id::none;
    wake_at_ = time_point::max();
    ledger_.wake(now());
    carry_out();
  });
}

// Calls

void dispatcher::send_out(call_ptr const& call) {
  auto& placed = static_cast<placed_call&>(*call);
  auto const number =
      methods_.find(*call->method, !call->own_method, ledger_.methods(), ledger_.may_be_heard_of());
  if (!number) return book_.fail(*call, number.error());
  placed.method_number = *number;
  submitted asked;
  asked.call = call->number();
  asked.method = *number;
  asked.callers_word = call->method->repeatable;
  asked.once = call->once;
  asked.again = call->again;
  asked.caller = static_cast<caller_ref>(call->origin);
  asked.parent = call->parent;
  asked.parent_blocks = call->parent_blocks;
  asked.bytes = static_cast<std::uint32_t>(std::min<std::size_t>(call->arguments.size(), UINT32_MAX));
  asked.node_wait = call->node_wait;
  asked.deadline = call->deadline.at();
  if (auto const& options = call->options) {
    asked.labels = options->needs;
    asked.retries = options->retries;
    if (options->kill_after_us) asked.kill_after_us = patience_to_wire(*options->kill_after_us);
  }
  ledger_.take(asked, now());
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
    waiting_.tell(nodes().counts().living);
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
  if (told.set_aside) {
    auto const ms = std::chrono::duration_cast<std::chrono::milliseconds>(*told.set_aside).count();
    world().log.warn("node " + by.name + " is set aside for " + std::to_string(ms) +
                     " ms: its calls keep failing, the latest was " + nodes().method_name(method) + ": " +
                     what.message);
  }
  carry_out();
}

/// The node has answered a call, perhaps an abandoned one.
void dispatcher::returned(call_id attempt, node_link& by) {
  if (by.abandoned.size() == 0) return;
  auto const line = by.abandoned.remove(to_number(attempt), by.name, now());
  if (line) world().log.info(*line);
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
  waiting_.own().joined(living);
  waiting_.tell(living);
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
  waiting_.tell(nodes().counts().living);
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
    auto const& log = world().log;
    switch (event.change) {
      case liveness_change::became_suspect:
        log.warn("node " + node->name + " is silent: it gets no new calls; its repeatable calls move to other nodes");
        break;
      case liveness_change::became_lost:
        log.warn("node " + node->name + " is lost: silent for too long");
        node->close("silent for too long");
        leave(*node, departure::silent, "it was silent for too long");
        break;
      case liveness_change::needed_again:
        log.info("node " + node->name + " takes calls again: too few other nodes are available");
        break;
      case liveness_change::came_back: log.info("node " + node->name + " is back"); break;
    }
  }
  waiting_.tell(nodes().counts().living);
  carry_out();
}

std::shared_ptr<void> dispatcher::when_nodes(std::size_t count, nodes_waiter done) {
  if (nodes().counts().living < count) return waiting_.add(count, std::move(done));
  done(nullptr);
  return {};
}

task<void> dispatcher::own_nodes_joined() {
  if (!waiting_.own().are_awaited()) co_return;
  auto const all = std::make_shared<event>();
  waiting_.own().when_joined([all] { all->set(); });
  co_await all->wait();
}

call_ptr dispatcher::list_nodes(call_record const& like, nodes_taker done) {
  auto const named = [&](fault what) {
    if (what.method.empty()) what.method = like.method->name;
    done(std::move(what));
    return call_ptr();
  };
  auto const method = methods_.find(*like.method, !like.own_method, ledger_.methods(), ledger_.may_be_heard_of());
  if (!method) return named(method.error());
  call_needs needs;
  needs.method = *method;
  if (like.options && !like.options->needs.empty())
    if (auto const wrong = ledger_.ask(like.options->needs, needs)) return named(*wrong);
  std::vector<listed_node> found;
  for (auto const* info : nodes().nodes_for(needs)) found.push_back({info->name, info->slots});
  if (found.empty()) {
    auto what = make_fault(errc::no_node, nodes().why_waiting(needs));
    what.phase = "queueing";
    return named(std::move(what));
  }
  done(std::move(found));
  return {};
}

std::string dispatcher::address_of(std::string_view name) const {
  for (auto const& node : nodes().nodes())
    if (node.info->name == name) return node.info->address;
  return {};
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
  waiting_.stop(make_fault(errc::stopped, "the cluster was stopped"));
  if (wake_ != timer_id::none) world().clock.cancel(std::exchange(wake_, timer_id::none));
}

}  // namespace dist
