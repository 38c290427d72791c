#pragma once

#include <dist/rpc/result.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "placement/registry.hpp"

namespace dist {

/// What this program and the nodes that joined say of methods, and under which names callers may ask for them.
class method_names {
 public:
  explicit method_names(registry& numbers) : registry_(numbers) {}

  /// This program calls it, or shares its types with nodes that serve it.
  void expect(std::string_view name);
  /// A node that was let in lists it.
  void offered(method_entry const& offer);

  /// The method that a caller asks for, perhaps under its Go spelling. A name that nobody has declared gets a number only
  /// where `open`, and only some thousand do: callers can send any.
  /// Errors  errc::unknown_method, errc::overloaded.
  result<method_ref> find(std::string_view name, bool open);

  bool is_expected(method_ref method) const noexcept { return facts_of(method).expected; }
  /// By this program or a node.
  bool is_declared(method_ref method) const noexcept { return facts_of(method).expected || facts_of(method).listed; }
  /// As its nodes say; where none has listed it, as the caller does.
  bool repeatable(method_ref method, bool callers_word) const noexcept {
    return facts_of(method).listed ? facts_of(method).repeatable : callers_word;
  }
  /// As all nodes say that list it.
  bool is_brief(method_ref method) const noexcept { return facts_of(method).listed && facts_of(method).brief; }

  static fault unknown(std::string_view name);

 private:
  struct method_facts {
    bool expected = false;
    bool listed = false;
    bool strange = false;  ///< only callers have named it
    bool repeatable = true;
    bool brief = true;
  };

  method_facts facts_of(method_ref method) const noexcept {
    auto const index = static_cast<std::size_t>(method);
    return index < facts_.size() ? facts_[index] : method_facts();
  }
  method_facts& change(method_ref method);
  void declared(method_facts& facts, std::string_view name, method_ref method);

  registry& registry_;
  std::vector<method_facts> facts_;                        ///< by method_ref
  std::unordered_map<std::string, method_ref> spellings_;  ///< Go's, of methods that are expected or listed
  std::size_t strange_ = 0;                                ///< names that only callers have used
};

}  // namespace dist
