#include "master/master_nodes.hpp"

#include <dist/rpc/detail/event.hpp>
#include <utility>

namespace dist {

std::shared_ptr<void> master_nodes::when_nodes(std::size_t count, nodes_waiter done) {
  if (ledger_.nodes().counts().living < count) return waiting_.add(count, std::move(done));
  done(nullptr);
  return {};
}

task<void> master_nodes::own_nodes_joined() {
  if (!waiting_.own().are_awaited()) co_return;
  auto const all = std::make_shared<event>();
  waiting_.own().when_joined([all] { all->set(); });
  co_await all->wait();
}

call_ptr master_nodes::list_nodes(call_record const& like, nodes_taker done) {
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
  for (auto const* info : ledger_.nodes().nodes_for(needs)) found.push_back({info->name, info->slots});
  if (found.empty()) {
    auto what = make_fault(errc::no_node, ledger_.nodes().why_waiting(needs));
    what.phase = "queueing";
    return named(std::move(what));
  }
  done(std::move(found));
  return {};
}

std::string master_nodes::address_of(std::string_view name) const {
  for (auto const& node : ledger_.nodes().nodes())
    if (node.info->name == name) return node.info->address;
  return {};
}

}  // namespace dist
