#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/duration_text.hpp"
#include "master/master_impl.hpp"
#include "record/why_text.hpp"

// What `/status` answers.

namespace dist {
namespace {

/// A method and how many nodes have it: those of another build may describe it differently, and then it is listed
/// again.
boost::json::array list_methods(std::vector<node_view> const& nodes) {
  std::map<std::tuple<std::string_view, std::string_view, std::string_view, bool>, std::size_t> known;
  for (auto const& node : nodes)
    for (auto const& offer : node.info->methods) ++known[{offer.name, offer.arguments, offer.result, offer.repeatable}];
  boost::json::array methods;
  for (auto const& [what, count] : known) {
    auto const& [name, arguments, result, repeatable] = what;
    methods.push_back({{"name", name},
                       {"arguments", arguments},
                       {"result", result},
                       {"repeatable", repeatable},
                       {"nodes", count}});
  }
  return methods;
}

/// A node as the registry and its member describe it.
boost::json::object about(node_view const& node, dispatcher const& calls, time_point now) {
  auto const ms = [&](time_point since) { return to_ms(now - since); };
  boost::json::array methods;
  for (auto const& offer : node.info->methods) methods.emplace_back(offer.name);
  boost::json::object labels;
  for (auto const& [name, value] : node.info->labels) labels.emplace(name, value);
  boost::json::object sent;
  if (auto const* member = calls.find(node.id)) {
    auto const& counted = member->tries.methods();
    for (std::size_t i = 0; i < counted.size(); ++i)
      if (counted[i].sent > 0) sent.emplace(counted_name(calls.nodes(), i), counted[i].sent);
  }
  boost::json::array abandoned;
  for (auto const& one : calls.find(node.id)->abandoned.stays())
    abandoned.push_back({{"method", one.method}, {"count", one.count}, {"oldest_ms", ms(one.since)}});
  return {{"name", node.info->name},
          {"address", node.info->address},
          {"kind", to_text(node.info->kind)},
          {"state", to_text(node.state)},
          {"slots", node.info->slots},
          {"in_use", node.in_use},
          {"in_flight", calls.in_flight_on(node.id)},
          {"abandoned", node.abandoned},
          {"abandoned_calls", std::move(abandoned)},
          {"age_ms", ms(node.joined_at)},
          {"silent_ms", ms(node.last_heard)},
          {"build", node.info->build},
          {"labels", std::move(labels)},
          {"methods", std::move(methods)},
          {"calls", std::move(sent)}};
}

}  // namespace

std::string master::impl::status_json() const {
  auto const counts = calls_->nodes().counts();
  auto const there = calls_->nodes().nodes();
  boost::json::array nodes;
  for (auto const& node : there) nodes.push_back(about(node, *calls_, world_.clock.now()));
  boost::json::object status{{"nodes", std::move(nodes)},
                             {"slots", counts.slots},
                             {"in_use", counts.in_use},
                             {"abandoned", counts.abandoned},
                             {"queued", counts.queued},
                             {"queued_bytes", counts.queued_bytes},
                             {"late_replies", calls_->record().counted().late_replies},
                             {"waiting", joined_text(calls_->nodes().why_waiting())},
                             {"methods", list_methods(there)}};
  for (auto& [name, value] : list_jobs()) status.emplace(name, std::move(value));
  return boost::json::serialize(status);
}

}  // namespace dist
