#include <algorithm>

#include "placement/selector.hpp"

namespace dist {

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
