#pragma once

#include <dist/rpc/service.hpp>
#include <dist/runtime/detail/method_key.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

namespace dist {

/// The classes that this program serves. Names on the wire are unqualified, so a call of b::S::f would reach the f of an
/// a::S that is served as S.
class own_classes {
 public:
  explicit own_classes(std::span<method_description const> served);

  /// Why a call would run the method of another class than its caller means.
  std::optional<fault> refuse(method_key const& method) {
    if (!method.serving || method.serving == right_) return std::nullopt;
    return look_up(method);
  }

 private:
  std::optional<fault> look_up(method_key const& method);

  std::unordered_map<std::string_view, class_tag const*> classes_;  ///< by their names on the wire
  class_tag const* right_ = nullptr;                                ///< of the latest call that was right
};

}  // namespace dist
