#include "call/own_classes.hpp"

namespace dist {
namespace {

std::string_view class_of(std::string_view method) { return method.substr(0, method.rfind('.')); }

}  // namespace

own_classes::own_classes(std::span<method_description const> served) {
  for (auto const& method : served)
    if (method.serving) classes_.emplace(method.serving->name, method.serving);
}

std::optional<fault> own_classes::look_up(method_key const& method) {
  auto const own = classes_.find(class_of(method.name));
  if (own == classes_.end() || method.serving->named_by_hand || is_same_class(*own->second, *method.serving)) {
    right_ = method.serving;
    return std::nullopt;
  }
  auto what = make_fault(errc::incompatible, "the caller uses " + std::string(method.serving->spelled) +
                                                 ", but this program serves " + std::string(own->second->spelled) +
                                                 " under that name; specialise dist::service_name for one of them");
  what.may = remedy::never;
  what.phase = "queueing";
  return what;
}

}  // namespace dist
