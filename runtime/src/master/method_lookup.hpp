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

  /// Errors  as method_names::find; errc::incompatible: the caller means another class of this name.
  result<method_ref> find(method_key const& key, method_names& names, bool open) {
    if (auto const known = numbers_.find(&key); known != numbers_.end()) return known->second;
    if (auto other = own_.refuse(key)) return std::move(*other);
    return names.find(key.name, open);
  }
  /// For a key that lives as long as the program: the address of another may be reused.
  void remember(method_key const& key, method_ref number) { numbers_.try_emplace(&key, number); }

 private:
  own_classes own_;
  std::unordered_map<method_key const*, method_ref> numbers_;
};

}  // namespace dist
