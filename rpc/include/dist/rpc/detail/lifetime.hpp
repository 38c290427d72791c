#pragma once

#include <memory>
#include <utility>

namespace dist {

/// Lets callbacks that may come late find out whether their object still exists. The object has a lifetime, callbacks keep
/// its weak references. For one thread, unlike std::weak_ptr, which needs a shared object as well.
template <class T>
class lifetime {
 public:
  explicit lifetime(T& self) : place_(std::make_shared<T*>(&self)) {}
  lifetime(lifetime const&) = delete;
  lifetime& operator=(lifetime const&) = delete;
  ~lifetime() { end(); }

  /// What a callback keeps.
  class weak {
   public:
    /// Null once the lifetime has ended.
    T* get() const noexcept { return *place_; }

   private:
    friend lifetime;
    explicit weak(std::shared_ptr<T*> place) noexcept : place_(std::move(place)) {}
    std::shared_ptr<T*> place_;
  };
  weak ref() const noexcept { return weak(place_); }
  /// As its destructor, for an object whose other members go before.
  void end() noexcept { *place_ = nullptr; }

 private:
  std::shared_ptr<T*> place_;
};

}  // namespace dist
