#pragma once

#include <type_traits>
#include <vector>

namespace dist {

/// While it lives, `what` is on the list: whoever stops everything finds it there, and never finds it gone.
template <class T>
class listing {
 public:
  listing(std::vector<T*>& in, std::type_identity_t<T>& what) : in_(in), what_(what) { in_.push_back(&what_); }
  listing(listing const&) = delete;
  listing& operator=(listing const&) = delete;
  ~listing() { std::erase(in_, &what_); }

 private:
  std::vector<T*>& in_;
  T& what_;
};

}  // namespace dist
