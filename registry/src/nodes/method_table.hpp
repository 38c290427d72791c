#pragma once

#include <cstddef>
#include <dist/rpc/result.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "nodes/node_info.hpp"

namespace dist {

/// Names of methods as small numbers. Callers can send any name, so their number is bounded.
class method_table {
 public:
  explicit method_table(std::size_t most) noexcept : most_(most) {}

  /// Errors  errc::limit_exceeded.
  result<method_ref> intern(std::string_view name);
  std::optional<method_ref> find(std::string_view name) const noexcept;
  std::string const& name(method_ref method) const noexcept { return names_[static_cast<std::size_t>(method)]; }
  std::size_t size() const noexcept { return names_.size(); }

 private:
  struct hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };

  std::size_t most_;
  std::unordered_map<std::string, method_ref, hash, std::equal_to<>> refs_;
  std::vector<std::string> names_;
};

}  // namespace dist
