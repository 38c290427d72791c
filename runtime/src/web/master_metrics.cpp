#include <dist/rpc/limits.hpp>

#include "master/master_impl.hpp"
#include "process/process_usage.hpp"
#include "web/metrics_text.hpp"

// What `/metrics` answers. The number of lines is bounded: methods by most_counted_methods, nodes by most_series.

namespace dist {
namespace {

/// Lines with a node's name, in one family. Nodes beyond are in the sums only.
constexpr std::size_t most_series = 20'000;

struct result_name {
  char const* name;
  std::uint64_t tally::*count;
};
constexpr result_name results[] = {{"answered", &tally::answered}, {"failed", &tally::failed}, {"refused", &tally::refused},
                                   {"late", &tally::late},         {"lost", &tally::lost}};

void put_nodes(metrics_text& text, registry_counts const& counts) {
  text.family("dist_nodes", "gauge", "Connected nodes by state.");
  text.sample({{"state", "living"}}, counts.living);
  text.sample({{"state", "suspect"}}, counts.suspect);
  text.sample({{"state", "set_aside"}}, counts.set_aside);
  text.sample({{"state", "draining"}}, counts.draining);
  text.single("dist_slots", "gauge", "Slots of the living nodes.", counts.slots);
  text.single("dist_slots_in_use", "gauge", "Calls sent to nodes and not yet answered.", counts.in_use);
  text.single("dist_slots_abandoned", "gauge", "Slots in use by calls whose callers are gone.", counts.abandoned);
  text.single("dist_queued_calls", "gauge", "Calls waiting for a node.", counts.queued);
  text.single("dist_queued_bytes", "gauge", "Argument bytes of the calls waiting for a node.", counts.queued_bytes);
}

/// Whose label is the method.
void put_methods(metrics_text& text, dispatcher const& calls) {
  auto const& methods = calls.record().counted().methods();
  auto const each = [&](auto const& put) {
    for (std::size_t i = 0; i < methods.size(); ++i)
      if (methods[i]) put(counted_name(calls.nodes(), i), *methods[i], static_cast<method_ref>(i));
  };
  text.family("dist_calls_total", "counter", "Completed calls by outcome: ok, or the code of the fault.");
  each([&](std::string const& name, method_tally const& one, method_ref) {
    text.sample({{"method", name}, {"outcome", "ok"}}, one.ended[0]);
    for (std::size_t code = 1; code < one.ended.size(); ++code)
      if (one.ended[code] > 0)
        text.sample({{"method", name}, {"outcome", to_text(static_cast<errc>(code))}}, one.ended[code]);
  });
  text.family("dist_call_seconds", "histogram", "Time from sending a call to a node until its result arrived.");
  each([&](std::string const& name, method_tally const& one, method_ref) { text.sample({{"method", name}}, one.took); });
  text.family("dist_run_seconds", "histogram", "Time the method itself ran, where its node measured it.");
  each([&](std::string const& name, method_tally const& one, method_ref) { text.sample({{"method", name}}, one.ran); });
  text.family("dist_method_queued_calls", "gauge", "Calls of a method waiting for a node.");
  each([&](std::string const& name, method_tally const&, method_ref method) {
    if (counted_as(method) < most_counted_methods) text.sample({{"method", name}}, calls.nodes().queued(method));
  });
}

/// Attempts by outcome, over all nodes that ever joined.
void put_tries(metrics_text& text, dispatcher const& calls, std::vector<node_view> const& nodes) {
  auto sums = calls.record().counted().gone();
  for (auto const& node : nodes) {
    auto const* member = calls.find(node.id);
    if (!member) continue;
    auto const& more = member->tries.methods();
    if (more.size() > sums.size()) sums.resize(more.size());
    for (std::size_t i = 0; i < more.size(); ++i) sums[i] += more[i];
  }
  text.family("dist_tries_total", "counter", "Attempts by outcome; a call may have several.");
  for (std::size_t i = 0; i < sums.size(); ++i)
    if (sums[i].sent > 0)
      for (auto const& [name, count] : results)
        text.sample({{"method", counted_name(calls.nodes(), i)}, {"outcome", name}}, sums[i].*count);
}

/// Whose label is the node: of those that are here.
void put_each_node(metrics_text& text, dispatcher const& calls, std::vector<node_view> const& nodes, time_point now) {
  text.family("dist_node_tries_total", "counter", "Attempts by outcome for each connected node.");
  std::size_t written = 0;
  for (auto const& node : nodes) {
    auto const* member = calls.find(node.id);
    if (!member) continue;
    auto const& methods = member->tries.methods();
    for (std::size_t i = 0; i < methods.size(); ++i)
      for (auto const& [name, count] : results)
        if (methods[i].*count > 0 && written < most_series && ++written != 0)
          text.sample({{"node", node.info->name}, {"method", counted_name(calls.nodes(), i)}, {"outcome", name}}, methods[i].*count);
  }
  auto const some = std::span(nodes).first(std::min(nodes.size(), most_series));
  auto const gauge = [&](char const* name, char const* help, auto const& value) {
    text.family(name, "gauge", help);
    for (auto const& node : some) text.sample({{"node", node.info->name}}, value(node));
  };
  gauge("dist_node_slots", "Slots of a node.", [](node_view const& node) { return std::uint64_t{node.info->slots}; });
  gauge("dist_node_slots_in_use", "Calls sent to the node and not yet answered.",
        [](node_view const& node) { return std::uint64_t{node.in_use}; });
  gauge("dist_node_slots_abandoned", "Slots in use by calls whose callers are gone.",
        [](node_view const& node) { return std::uint64_t{node.abandoned}; });
  gauge("dist_node_silent_seconds", "Time since the node was last heard.", [now](node_view const& node) {
    return std::chrono::duration<double>(std::max(duration::zero(), now - node.last_heard)).count();
  });
}

void put_traffic(metrics_text& text, dispatcher const& calls, std::vector<node_view> const& nodes) {
  auto const& counted = calls.record().counted();
  text.family("dist_issued_again_total", "counter",
              "Calls sent again, because their node refused them or was lost, or because the method asked for it.");
  text.sample({{"reason", "refused"}}, counted.issued_again[static_cast<std::size_t>(issue_cost::nothing)]);
  text.sample({{"reason", "lost"}}, counted.issued_again[static_cast<std::size_t>(issue_cost::loss)]);
  text.sample({{"reason", "transient"}}, counted.issued_again[static_cast<std::size_t>(issue_cost::retry)]);
  text.single("dist_late_replies_total", "counter", "Replies that arrived after their callers were gone.",
              counted.late_replies);
  auto heard = counted.beats_heard;
  auto received = counted.received_bytes;
  auto sent = counted.sent_bytes;
  for (auto const& node : nodes) {
    auto const* member = calls.find(node.id);
    if (!member) continue;
    heard += member->beats_heard;
    received += member->received_bytes();
    sent += member->sent_bytes();
  }
  text.single("dist_beats_sent_total", "counter", "Heartbeats sent to nodes.", counted.beats_sent);
  text.single("dist_beats_heard_total", "counter", "Heartbeats received from nodes.", heard);
  text.single("dist_received_bytes_total", "counter", "Bytes received from nodes.", received);
  text.single("dist_sent_bytes_total", "counter", "Bytes sent to nodes.", sent);
}

void put_process(metrics_text& text) {
  auto const used = process_usage::read();
  text.single("process_open_fds", "gauge", "Open file descriptors of the master.", used.descriptors);
  text.single("process_max_fds", "gauge", "Maximum number of open file descriptors.", used.most_descriptors);
  text.single("process_resident_memory_bytes", "gauge", "Resident memory of the master.", used.resident_bytes);
  text.family("process_cpu_seconds_total", "counter", "Processor time used by the master.");
  text.sample({}, used.processor_seconds);
}

}  // namespace

std::string master::impl::metrics() const {
  metrics_text text;
  text.family("dist_build_info", "gauge", "The version of dist.");
  text.sample({{"version", DIST_VERSION}}, std::uint64_t{1});
  auto const nodes = calls_->nodes().nodes();
  put_nodes(text, calls_->nodes().counts());
  text.single("dist_jobs", "gauge", "Connected jobs.", jobs_.size());
  text.single("dist_connections", "gauge", "Connections to this master, of all kinds.", tasks_.size() - own_loops);
  put_methods(text, *calls_);
  put_tries(text, *calls_, nodes);
  put_each_node(text, *calls_, nodes, world_.clock.now());
  put_traffic(text, *calls_, nodes);
  put_process(text);
  return text.take();
}

}  // namespace dist
