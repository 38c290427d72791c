#include "placement/selector.hpp"

#include <algorithm>
#include <cassert>

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

selector::~selector() {
  for (auto const& [id, load] : loads_) {
    load->home = nullptr;
    load->group = nullptr;
    if (load->holders == 0) delete load;
  }
}

void selector::set_window(method_ref method, std::uint32_t calls) {
  auto& entry = methods_[index_of(method)];
  bool const wider = calls > entry.window;
  entry.window = calls;
  widest_window_ = std::max(widest_window_, calls);
  if (wider) mark_freed(method);
}

node_load& selector::join(node_id id, std::uint32_t slots, class_key key) {
  auto owner = std::make_unique<node_load>();
  auto& load = *owner;
  load.id = id;
  load.slots = slots;
  load.home = this;
  loads_.emplace(id, &load);
  freed_nodes_.reserve(loads_.size());
  owner.release();
  enter_group(load, std::move(key));
  return load;
}

void selector::leave(node_load& load) noexcept {
  count_failing(load, -1);
  leave_group(load);
  if (reserved_ == &load) reserved_ = nullptr;
  settle(load);
  loads_.erase(load.id);
  in_use_ -= load.in_use;
  abandoned_ -= load.abandoned;
  load.home = nullptr;
  if (load.holders == 0) delete &load;
}

void selector::set_eligible(node_load& load, bool eligible, bool aside) {
  if (load.eligible == eligible && load.aside == aside) return;
  count(load, -1);
  count_failing(load, -1);
  load.eligible = eligible;
  load.aside = aside;
  load.to_be_tried = false;
  count(load, 1);
  count_failing(load, 1);
  if (reserved_ == &load) cancel_reservation();
  refresh(load);
}

node_load* selector::find(call_needs const& needs) const noexcept {
  if (needs.alone && reserved_ && reserved_->in_use == reserved_->lent &&
      (needs.pin == no_node_id || needs.pin == reserved_->id) && needs.held_by != reserved_->id &&
      reserved_->group->takes(needs)) {
    return reserved_;
  }
  if (needs.pin != no_node_id) return find_pinned(needs);
  auto* const best = find_with(needs);
  if (best || needs.avoided.empty()) return best;
  auto any = needs;
  any.avoided = {};
  return find_with(any);
}

node_load* selector::find_pinned(call_needs const& needs) const noexcept {
  auto* load = find(needs.pin);
  // A node outside of its heap takes no calls.
  if (!load || load->position == ~0U || needs.held_by == load->id || !load->group->takes(needs)) return nullptr;
  return has_room(*load, needs, window(needs.method)) ? load : nullptr;
}

node_load* selector::find_with(call_needs const& needs) const noexcept {
  auto const& method = methods_[index_of(needs.method)];
  auto* best = find_in(method.listed, needs, method.window);
  return best ? best : find_in(method.possible, needs, method.window);
}

node_load* selector::find_in(std::vector<node_class*> const& groups, call_needs const& needs,
                             std::uint32_t window) noexcept {
  node_load* best = nullptr;
  for (auto const* group : groups) {
    if (!group->suits(needs)) continue;
    auto* load = group->best(needs, window);
    if (load && (!best || less_used(*load, *best))) best = load;
  }
  return best;
}

lease selector::take(node_load& load, call_needs const& needs) {
  lease held(load);
  ++load.in_use;
  ++in_use_;
  load.last_picked = ++picks_;
  if (needs.alone) {
    load.alone = true;
    if (reserved_ == &load) reserved_ = nullptr;
    refresh(load);
  } else {
    load.group->moved_down(load);
  }
  if (load.to_be_tried) {
    load.tried = held.use_.is_try = true;
    load.to_be_tried = false;
    refresh(load);
  }
  return held;
}

std::size_t selector::living(method_ref method, label_filter_ref labels) const noexcept {
  std::size_t count = 0;
  for (auto const* groups : {&methods_[index_of(method)].listed, &methods_[index_of(method)].possible})
    for (auto const* group : *groups)
      if (group->meets(labels)) count += group->living();
  return count;
}

std::size_t selector::able(call_needs const& needs) const noexcept {
  std::size_t count = 0;
  for (auto const* groups : {&methods_[index_of(needs.method)].listed, &methods_[index_of(needs.method)].possible})
    for (auto const* group : *groups)
      if (group->suits(needs)) count += group->living();
  auto const* holder = needs.held_by == no_node_id ? nullptr : find(needs.held_by);
  if (holder && holder->eligible && holder->group->takes(needs)) --count;
  return count;
}

bool selector::anybody_takes(call_needs const& needs) const noexcept {
  return std::ranges::any_of(classes_, [&](auto const& one) { return one.second->takes(needs); });
}

std::uint64_t selector::slots(method_ref method, label_filter_ref labels) const noexcept {
  std::uint64_t count = 0;
  for (auto const* groups : {&methods_[index_of(method)].listed, &methods_[index_of(method)].possible})
    for (auto const* group : *groups)
      if (group->meets(labels)) count += group->slots();
  return count;
}

bool selector::anybody_meets(label_filter_ref labels) const noexcept {
  return std::ranges::any_of(classes_, [&](auto const& one) { return one.second->meets(labels); });
}

void selector::reserve(call_needs const& needs) {
  assert(!reserved_);
  auto const& method = methods_[index_of(needs.method)];
  for (bool const avoided_too : {false, true}) {
    for (auto const* groups : {&method.listed, &method.possible}) {
      for (auto const* group : *groups) {
        if (!group->suits(needs)) continue;
        for (auto* load : group->nodes()) {
          if (load->id == needs.held_by || (needs.pin != no_node_id && load->id != needs.pin)) continue;
          if (!avoided_too && needs.avoided.contains(load->id)) continue;
          if (!reserved_ || less_used(*load, *reserved_)) reserved_ = load;
        }
      }
      if (reserved_) break;
    }
    if (reserved_) break;
  }
  if (!reserved_) return;
  reserved_->alone = true;
  refresh(*reserved_);
}

void selector::cancel_reservation() {
  if (!reserved_) return;
  auto& load = *std::exchange(reserved_, nullptr);
  load.alone = false;
  refresh(load);
}

void selector::set_waited_for(node_load& load, bool waited_for) noexcept {
  load.waited_for = waited_for;
  if (waited_for)
    mark_freed(load);
  else
    settle(load);
}

void selector::settle(node_load& load) noexcept {
  if (!load.freed) return;
  load.freed = false;
  if (freed_nodes_.back() == &load)
    freed_nodes_.pop_back();
  else
    std::erase(freed_nodes_, &load);
}

void selector::settle(node_class& group) noexcept {
  if (!group.freed_) return;
  group.freed_ = false;
  std::erase(freed_, &group);
}

void selector::settle_all() noexcept {
  for (auto* group : freed_) group->freed_ = false;
  freed_.clear();
  for (auto* load : freed_nodes_) load->freed = false;
  freed_nodes_.clear();
}

void selector::mark_freed(node_class& group) {
  if (group.freed_) return;
  group.freed_ = true;
  freed_.push_back(&group);  // never allocates: group_for() has reserved
}

void selector::mark_freed(node_load& load) {
  mark_freed(*load.group);
  if (!load.waited_for || load.freed) return;
  load.freed = true;
  freed_nodes_.push_back(&load);  // never allocates: join() has reserved
}

void selector::mark_freed(method_ref method) {
  for (auto* group : methods_[index_of(method)].listed) mark_freed(*group);
  for (auto* group : methods_[index_of(method)].possible) mark_freed(*group);
}

void selector::mark_all_classes_freed() {
  for (auto const& [key, group] : classes_) mark_freed(*group);
}

std::uint64_t selector::steps() const noexcept {
  std::uint64_t count = 0;
  for (auto const& [key, group] : classes_) count += group->steps();
  return count;
}

void selector::counted_down(node_load& load) noexcept {
  // A call that had the node alone may be suspended and wait for a call of its own, perhaps for this very node: so the
  // node opens as soon as nothing runs on it, not only when the lease ends.
  if (load.alone && load.in_use == load.lent && reserved_ != &load) {
    load.alone = false;
    refresh(load);
    return;
  }
  reposition(load);
  mark_freed(load);
}

void selector::counted_up(node_load& load) noexcept { reposition(load); }

/// Both ways: one more that is suspended makes a node less used, or full.
void selector::reposition(node_load& load) noexcept {
  if (load.position == ~0U) return;
  load.group->moved_up(load);
  load.group->moved_down(load);
}

void selector::refresh(node_load& load) {
  bool const wanted = (load.eligible || load.to_be_tried) && !load.alone;
  bool const there = load.position != ~0U;
  if (wanted && !there) {
    load.group->insert(load);
    mark_freed(load);
  } else if (!wanted && there) {
    load.group->erase(load);
  }
}

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

void selector::offer_try(node_load& load) {
  load.to_be_tried = true;
  refresh(load);
}

bool selector::may_set_aside(node_load const& load) const noexcept {
  for (std::size_t index = 0; index < methods_.size(); ++index) {
    if (!load.group->key().may_have(static_cast<method_ref>(index))) continue;
    std::size_t nodes = 0;
    std::size_t aside = 0;
    for (auto const* groups : {&methods_[index].listed, &methods_[index].possible}) {
      for (auto const* group : *groups) {
        nodes += group->living() + group->aside();
        aside += group->aside();
      }
    }
    // It may be counted already.
    if (load.aside) --aside;
    if (!may_do_without(nodes, aside)) return false;
  }
  return true;
}

bool selector::others_fail(node_load const& load, method_ref method) const noexcept {
  auto const itself = load.eligible ? std::size_t{1} : 0;
  auto const others = living(method) - std::min(itself, living(method));
  if (others == 0) return true;
  auto const fails_here = load.eligible && std::ranges::find(load.failing, method) != load.failing.end();
  return 2 * (methods_[static_cast<std::size_t>(method)].failing - (fails_here ? 1 : 0)) > others;
}

void selector::count_failing(node_load const& load, std::int64_t sign) noexcept {
  if (!load.eligible) return;
  for (auto const method : load.failing)
    methods_[static_cast<std::size_t>(method)].failing += static_cast<std::size_t>(sign);
}

void selector::failed(node_load& load, method_ref method) {
  if (std::ranges::find(load.failing, method) != load.failing.end()) return;
  load.failing.push_back(method);
  if (load.eligible) ++methods_[static_cast<std::size_t>(method)].failing;
}

void selector::succeeded(node_load& load, method_ref method) noexcept {
  if (std::erase(load.failing, method) > 0 && load.eligible) --methods_[static_cast<std::size_t>(method)].failing;
}

}  // namespace dist
