#include <dist/registry/selector.hpp>

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
  auto const& entry = methods_[static_cast<std::size_t>(method)];
  std::size_t living = 0;
  std::size_t failing = 0;
  for (auto const* groups : {&entry.listed, &entry.possible}) {
    for (auto const* group : *groups) {
      living += group->living();
      failing += group->failing();
    }
  }
  auto const itself = load.eligible ? std::size_t{1} : 0;
  if (living <= itself) return true;
  return 2 * (failing - std::min(itself, failing)) > living - itself;
}

}  // namespace dist
