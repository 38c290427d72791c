#pragma once

#include <dist/runtime/detail/method_key.hpp>
#include <span>
#include <unordered_map>

#include "call/own_classes.hpp"
#include "ledger/method_names.hpp"

namespace dist {

/// Finds the number of the method that a caller means.
class method_lookup {
 public:
  explicit method_lookup(std::span<method_description const> served) : own_(served) {}

  /// `is_static`: the key lives as long as the program, so that no other can come to its address.
  /// Errors  as method_names::find; errc::incompatible: the caller means another class of this name.
  result<method_ref> find(method_key const& key, bool is_static, method_names& names, bool open) {
    if (&key == latest_) return latest_number_;
    if (auto const known = numbers_.find(&key); known != numbers_.end()) {
      latest_ = &key;
      return latest_number_ = known->second;
    }
    if (auto other = own_.refuse(key)) return std::move(*other);
    auto const number = names.find(key.name, open);
    if (number && is_static) numbers_.emplace(&key, *number);
    return number;
  }

 private:
  own_classes own_;
  std::unordered_map<method_key const*, method_ref> numbers_;
  method_key const* latest_ = nullptr;  ///< of `numbers_`: most calls are of the same method as the one before
  method_ref latest_number_{};
};

}  // namespace dist
