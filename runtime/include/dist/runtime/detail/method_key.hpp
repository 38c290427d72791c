#pragma once

#include <cstddef>
#include <dist/rpc/detail/buffer.hpp>
#include <dist/rpc/detail/service_name.hpp>
#include <span>
#include <string>

namespace dist {

/// What a caller knows of a method.
struct method_key {
  std::string name;         ///< `Class.method`
  bool repeatable = false;  ///< the caller's own C++ type says so; counts for peers that list no methods (Go)
  /// Writes CBOR arguments as the JSON that a Go peer reads; null where the caller has no types.
  std::string (*to_go)(std::span<std::byte const> cbor, std::size_t depth_limit, buffer& json) = nullptr;
  class_tag const* serving = nullptr;  ///< the class that the caller means; null where it knows the name only
};

}  // namespace dist
