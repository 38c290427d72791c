#include <cassert>

#include "placement/selector.hpp"

namespace dist {
namespace {

std::size_t index_of(method_ref method) { return static_cast<std::size_t>(method); }

void insert_sorted(std::vector<method_ref>& list, method_ref method) {
  auto const at = std::ranges::lower_bound(list, method);
  if (at == list.end() || *at != method) list.insert(at, method);
}

void erase_sorted(std::vector<method_ref>& list, method_ref method) {
  auto const at = std::ranges::lower_bound(list, method);
  if (at != list.end() && *at == method) list.erase(at);
}

}  // namespace

void selector::add_method(method_ref method) {
  assert(index_of(method) == methods_.size());
  auto& entry = methods_.emplace_back();
  for (auto const& [key, group] : classes_)
    if (!key.lists(method) && key.may_have(method)) entry.possible.push_back(group.get());
}

void selector::add_label_filter(label_filter all) {
  for (auto const& [key, group] : classes_) group->meets_.push_back(dist::meets(key.labels, all));
  label_filters_.push_back(std::move(all));
}

void selector::learn(node_load& load, method_ref method, bool has_it) {
  auto const& now = load.group->key();
  if (has_it ? now.lists(method) : !now.may_have(method)) return;
  if (reserved_ == &load) cancel_reservation();
  auto key = now;
  if (has_it) {
    insert_sorted(key.methods, method);
    erase_sorted(key.unknown, method);
  } else {
    erase_sorted(key.methods, method);
    if (key.kind == node_kind::go) insert_sorted(key.unknown, method);
  }
  leave_group(load);
  enter_group(load, std::move(key));
}

node_class& selector::group_for(class_key key) {
  if (auto const found = classes_.find(key); found != classes_.end()) return *found->second;
  freed_.reserve(classes_.size() + 1);
  auto& group = *classes_.emplace(key, std::make_unique<node_class>(key)).first->second;
  for (auto const& all : label_filters_) group.meets_.push_back(dist::meets(key.labels, all));
  for (auto const method : key.methods) methods_[index_of(method)].listed.push_back(&group);
  if (key.kind == node_kind::go) {
    for (std::size_t index = 0; index < methods_.size(); ++index) {
      auto const method = static_cast<method_ref>(index);
      if (!key.lists(method) && key.may_have(method)) methods_[index].possible.push_back(&group);
    }
  }
  return group;
}

void selector::enter_group(node_load& load, class_key key) {
  load.group = &group_for(std::move(key));
  ++load.group->members_;
  count(load, 1);
  refresh(load);
}

void selector::count(node_load const& load, std::int64_t sign) noexcept {
  auto& group = *load.group;
  if (load.aside) group.aside_ += static_cast<std::size_t>(sign);
  if (!load.eligible) return;
  group.living_ += static_cast<std::size_t>(sign);
  group.living_slots_ += static_cast<std::uint64_t>(sign) * load.slots;
}

void selector::leave_group(node_load& load) noexcept {
  auto& group = *load.group;
  if (load.position != ~0U) group.erase(load);
  count(load, -1);
  load.group = nullptr;
  if (--group.members_ != 0) return;
  settle(group);
  for (auto const method : group.key().methods) std::erase(methods_[index_of(method)].listed, &group);
  if (group.key().kind == node_kind::go) {
    for (auto& method : methods_) std::erase(method.possible, &group);
  }
  classes_.erase(classes_.find(group.key()));
}

}  // namespace dist
