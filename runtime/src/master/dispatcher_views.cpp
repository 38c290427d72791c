#include <algorithm>
#include <dist/rpc/detail/event.hpp>

#include "master/dispatcher.hpp"

namespace dist {

std::size_t dispatcher::in_flight_on(node_id node) const {
  auto const found = members_.find(node);
  return found == members_.end() ? 0 : found->second->in_flight_count();
}

std::vector<abandoned_calls::stay> dispatcher::abandoned_on(node_id node) const {
  auto const found = members_.find(node);
  return found == members_.end() ? std::vector<abandoned_calls::stay>() : found->second->abandoned.stays();
}

std::string dispatcher::account_text() const {
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
  counts.elapsed = book_.age();
  for (auto const& [id, node] : members_) {
    // The first ones run, the others were sent ahead.
    auto const there = node->in_flight();
    auto const running = std::min<std::size_t>(there.size(), node->slots);
    for (std::size_t i = 0; i < running; ++i) counts.under_way += world().clock.now() - there[i].call->sent_at;
  }
  if (failure_file_) counts.failure_file = failure_file_->path();
  return account_.text(counts);
}

std::string const& dispatcher::counted_name(std::size_t index) const {
  static std::string const other = "other";
  return index < most_counted_methods ? registry_.method_name(static_cast<method_ref>(index)) : other;
}

task<void> dispatcher::own_nodes_joined() {
  if (!own_nodes_.are_awaited()) co_return;
  auto const all = std::make_shared<event>();
  own_nodes_.when_joined([all] { all->set(); });
  co_await all->wait();
}

call_ptr dispatcher::list_nodes(call_record const& like, nodes_taker done) {
  auto const named = [&](fault what) {
    if (what.method.empty()) what.method = like.method->name;
    done(std::move(what));
    return call_ptr();
  };
  auto const method = methods_.find(*like.method, may_be_heard_of());
  if (!method) return named(method.error());
  call_needs needs;
  needs.method = *method;
  if (like.options && !like.options->needs.empty())
    if (auto const wrong = registry_.ask(like.options->needs, needs)) return named(*wrong);
  std::vector<listed_node> nodes;
  for (auto const* info : registry_.nodes_for(needs)) nodes.push_back({info->name, info->slots});
  if (nodes.empty()) {
    auto what = make_fault(errc::no_node, registry_.why_waiting(needs));
    what.phase = "queueing";
    return named(std::move(what));
  }
  done(std::move(nodes));
  return {};
}

std::string dispatcher::place_of(call_record const& call) const {
  auto const& places = static_cast<placed_call const&>(call).places;
  return places.empty() ? std::string() : places.front().on->name;
}

std::string dispatcher::address_of(std::string_view name) const {
  for (auto const& node : registry_.nodes())
    if (node.info->name == name) return node.info->address;
  return {};
}

}  // namespace dist
