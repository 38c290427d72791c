#include "placement/registry.hpp"

namespace dist {
namespace {

/// Never used by the table: placeholders for absent nodes have this index.
constexpr auto no_index = std::uint64_t{0xFFFFFFFF} << 32;

bool is_absent(node_id id) { return (static_cast<std::uint64_t>(id) & no_index) == no_index; }

}  // namespace

std::optional<fault> registry::ask(std::span<std::string const> written, call_needs& needs) {
  auto const read = read_needs(written);
  if (!read) return read.error();
  auto const labels = label_filters_.intern(read->labels);
  if (!labels) return labels.error();
  if (selector_.label_filter_count() < label_filters_.size()) selector_.add_label_filter(read->labels);
  needs.labels = *labels;
  needs.pin = read->node ? pin_of(*read->node) : no_node_id;
  return {};
}

node_id registry::pin_of(std::string const& name) {
  if (auto const* entry = table_.by_name(name)) return entry->id;
  if (auto const known = absent_.find(name); known != absent_.end()) return known->second;
  if (absent_.size() > 64 + 2 * queue_.size())
    std::erase_if(absent_, [&](auto const& one) { return queue_.lines_for(one.second).empty(); });
  auto const stands_for = static_cast<node_id>(no_index | ++last_absent_);
  absent_.emplace(name, stands_for);
  return stands_for;
}

std::optional<fault> registry::refusal(call_needs const& needs) const {
  auto const* entry = table_.find(needs.pin);
  if (!entry) {
    if (is_absent(needs.pin) && !needs.moved) return {};
    return make_fault(errc::no_node,
                      is_absent(needs.pin) ? why_pinned(needs) : "the node to which the call was pinned has left");
  }
  auto const& group = *entry->load->group;
  if (!group.key().may_have(needs.method))
    return make_fault(errc::unknown_method,
                      "node " + entry->info.name + " has no method " + methods_.name(needs.method));
  if (!group.meets(needs.labels))
    return make_fault(errc::no_node,
                      "node " + entry->info.name + " does not have the " + to_text(label_filters_.at(needs.labels)));
  return {};
}

void registry::bind_pins(node_entry& entry) {
  auto const waited = absent_.extract(entry.info.name);
  if (!waited) return;
  queue_.rename_pin(waited.mapped(), entry.id);
  strand_hopeless(entry.id);
  if (!queue_.lines_for(entry.id).empty()) selector_.set_waited_for(*entry.load, true);
}

void registry::strand_hopeless(node_id node) {
  std::vector<std::uint32_t> hopeless;
  for (auto const line : queue_.lines_for(node)) hopeless.push_back(line);
  for (auto const line : hopeless) {
    call_needs needs;
    needs.method = queue_.key_of(line).method;
    needs.labels = queue_.key_of(line).labels;
    needs.pin = node;
    if (auto const why = refusal(needs)) strand(line, *why);
  }
}

void registry::strand(std::uint32_t line, fault const& why) {
  for (std::size_t lane = 0; lane < call_queue::lane_count; ++lane) {
    for (;;) {
      auto const index = queue_.first(line, static_cast<call_queue::lane>(lane));
      if (index == ~0U) break;
      stranded_.push_back({queue_.at(index).call, why});
      stranded_.back().why.method = methods_.name(queue_.at(index).needs.method);
      stranded_.back().why.phase = "queueing";
      queue_.withdraw(queue_.ticket_of(index));
    }
  }
}

std::string registry::why_pinned(call_needs const& needs) const {
  auto const* entry = table_.find(needs.pin);
  if (!entry) {
    for (auto const& [name, id] : absent_)
      if (id == needs.pin) return "no node has the name " + name;
    return "the node to which it is pinned has left";
  }
  if (entry->state() != node_state::living)
    return "node " + entry->info.name + " is " + std::string(to_text(entry->state()));
  auto const slots = entry->load->slots;
  return (slots == 1 ? "the slot of node " : "all " + std::to_string(slots) + " slots of node ") + entry->info.name +
         (slots == 1 ? " is in use" : " are in use");
}

}  // namespace dist
