#pragma once

#include <type_traits>
#include <vector>

namespace dist {

/// While it lives, `what` is on the list of objects to stop, and no dangling pointer stays there.
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
