#include "nodes/method_table.hpp"

namespace dist {

result<method_ref> method_table::intern(std::string_view name) {
  if (auto const known = refs_.find(name); known != refs_.end()) return known->second;
  if (names_.size() >= most_) {
    return make_fault(errc::limit_exceeded,
                      "at most " + std::to_string(most_) +
                          " different method names are kept; rejected: " + std::string(name.substr(0, 100)));
  }
  auto const method = static_cast<method_ref>(names_.size());
  names_.emplace_back(name);
  refs_.emplace(std::string(name), method);
  return method;
}

std::optional<method_ref> method_table::find(std::string_view name) const noexcept {
  auto const known = refs_.find(name);
  return known == refs_.end() ? std::nullopt : std::optional(known->second);
}

}  // namespace dist
