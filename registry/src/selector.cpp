#include <dist/registry/selector.hpp>

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
  for (auto* load : loads_) {
    load->home = nullptr;
    load->group = nullptr;
    if (load->holders == 0) delete load;
  }
}

void selector::add_method(method_ref method) {
  assert(index_of(method) == methods_.size());
  auto& entry = methods_.emplace_back();
  for (auto const& [key, group] : classes_)
    if (!key.lists(method) && key.may_have(method)) entry.possible.push_back(group.get());
}

node_load& selector::join(node_id id, std::uint32_t slots, std::uint32_t window, class_key key) {
  auto owner = std::make_unique<node_load>();
  auto& load = *owner;
  load.id = id;
  load.slots = slots;
  load.window = window;
  load.home = this;
  loads_.push_back(&load);
  owner.release();
  enter_group(load, std::move(key));
  return load;
}

void selector::leave(node_load& load) noexcept {
  leave_group(load);
  if (reserved_ == &load) reserved_ = nullptr;
  std::erase(loads_, &load);
  load.home = nullptr;
  if (load.holders == 0) delete &load;
}

void selector::set_eligible(node_load& load, bool eligible) {
  if (load.eligible == eligible) return;
  if (!eligible) count(load, -1);
  load.eligible = eligible;
  if (eligible) count(load, 1);
  if (reserved_ == &load) cancel_reservation();
  refresh(load);
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

node_load* selector::find(call_needs const& needs) const noexcept {
  if (needs.alone && reserved_ && reserved_->in_use == 0 && reserved_->group->key().may_have(needs.method)) {
    return reserved_;
  }
  if (auto* best = find_with(needs)) return best;
  if (needs.avoided.empty() || !only_avoided_left(needs)) return nullptr;
  auto any = needs;
  any.avoided = {};
  return find_with(any);
}

node_load* selector::find_with(call_needs const& needs) const noexcept {
  auto const& method = methods_[index_of(needs.method)];
  auto* best = find_in(method.listed, needs);
  return best ? best : find_in(method.possible, needs);
}

node_load* selector::find_in(std::vector<node_class*> const& groups, call_needs const& needs) noexcept {
  node_load* best = nullptr;
  for (auto const* group : groups) {
    auto* load = group->best(needs);
    if (load && (!best || less_used(*load, *best))) best = load;
  }
  return best;
}

bool selector::only_avoided_left(call_needs const& needs) const noexcept {
  std::size_t avoided = 0;
  for (auto const* load : loads_) {
    if (load->eligible && load->group->key().may_have(needs.method) && needs.avoided.contains(load->id)) ++avoided;
  }
  return living(needs.method) == avoided;
}

lease selector::take(node_load& load, call_needs const& needs) {
  ++load.in_use;
  load.last_picked = ++picks_;
  if (needs.alone) {
    load.alone = true;
    if (reserved_ == &load) reserved_ = nullptr;
    refresh(load);
  } else {
    load.group->moved_down(load);
  }
  return lease(load);
}

std::size_t selector::living(method_ref method) const noexcept {
  std::size_t count = 0;
  for (auto const* group : methods_[index_of(method)].listed) count += group->living();
  for (auto const* group : methods_[index_of(method)].possible) count += group->living();
  return count;
}

std::uint64_t selector::slots(method_ref method) const noexcept {
  std::uint64_t count = 0;
  for (auto const* group : methods_[index_of(method)].listed) count += group->slots();
  for (auto const* group : methods_[index_of(method)].possible) count += group->slots();
  return count;
}

void selector::reserve(call_needs const& needs) {
  assert(!reserved_);
  bool const any = needs.avoided.empty() || only_avoided_left(needs);
  auto const& method = methods_[index_of(needs.method)];
  for (auto const* groups : {&method.listed, &method.possible}) {
    for (auto const* group : *groups) {
      for (auto* load : group->nodes()) {
        if (!any && needs.avoided.contains(load->id)) continue;
        if (!reserved_ || less_used(*load, *reserved_)) reserved_ = load;
      }
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

void selector::settle(node_class& group) noexcept {
  if (!group.freed_) return;
  group.freed_ = false;
  std::erase(freed_, &group);
}

void selector::settle_all() noexcept {
  for (auto* group : freed_) group->freed_ = false;
  freed_.clear();
}

void selector::mark_freed(node_class& group) {
  if (group.freed_) return;
  group.freed_ = true;
  freed_.push_back(&group);  // never allocates: group_for() has reserved
}

void selector::mark_freed(method_ref method) {
  for (auto* group : methods_[index_of(method)].listed) mark_freed(*group);
  for (auto* group : methods_[index_of(method)].possible) mark_freed(*group);
}

void selector::mark_all_freed() {
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
  if (load.alone && load.in_use == 0 && reserved_ != &load) {
    load.alone = false;
    refresh(load);
    return;
  }
  if (load.position != ~0U) load.group->moved_up(load);
  mark_freed(*load.group);
}

void selector::counted_up(node_load& load) noexcept {
  if (load.position != ~0U) load.group->moved_down(load);
}

void selector::refresh(node_load& load) {
  bool const wanted = load.eligible && !load.alone;
  bool const there = load.position != ~0U;
  if (wanted && !there) {
    load.group->insert(load);
    mark_freed(*load.group);
  } else if (!wanted && there) {
    load.group->erase(load);
  }
}

node_class& selector::group_for(class_key key) {
  if (auto const found = classes_.find(key); found != classes_.end()) return *found->second;
  freed_.reserve(classes_.size() + 1);
  auto& group = *classes_.emplace(key, std::make_unique<node_class>(key)).first->second;
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
  if (load.eligible) count(load, 1);
  refresh(load);
}

void selector::count(node_load const& load, std::int64_t sign) noexcept {
  load.group->living_ += static_cast<std::size_t>(sign);
  load.group->living_slots_ += static_cast<std::uint64_t>(sign) * load.slots;
}

void selector::leave_group(node_load& load) noexcept {
  auto& group = *load.group;
  if (load.position != ~0U) group.erase(load);
  if (load.eligible) count(load, -1);
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
