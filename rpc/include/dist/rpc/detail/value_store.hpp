#pragma once

#include <memory>
#include <utility>
#include <vector>

namespace dist {

/// Owns what view parameters (std::span<T const>, std::string_view) point at when they cannot view the received bytes.
/// Lives as long as the decoded arguments; moving it moves nothing that a view points at.
class value_store {
 public:
  template <class T, class... A>
  T& make(A&&... arguments) {
    auto owned = std::make_shared<T>(std::forward<A>(arguments)...);
    owned_.push_back(owned);
    return *owned;
  }

 private:
  std::vector<std::shared_ptr<void>> owned_;
};

}  // namespace dist
