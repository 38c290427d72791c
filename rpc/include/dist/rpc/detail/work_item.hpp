#pragma once

#include <memory>
#include <utility>

namespace dist {

/// Something to be done once, perhaps on another thread. What comes with every call is such an item itself, so that
/// handing it over allocates nothing.
class work_item {
 public:
  virtual ~work_item() = default;
  /// Called at most once; the item may be gone when it returns.
  virtual void run() = 0;
  /// Called instead of run() if the item will not run: it releases what it owns.
  virtual void drop() noexcept = 0;

 private:
  friend class work_queue;
  work_item* next_ = nullptr;
};

/// The deleter of an item that is not run.
struct drop_work {
  void operator()(work_item* item) const noexcept { item->drop(); }
};

/// An item that has not run.
using work_ptr = std::unique_ptr<work_item, drop_work>;

inline void run(work_ptr item) { item.release()->run(); }

/// A function as an item: `make_work([&] { ... })`. Its memory is not kept for others: what one thread makes and another
/// ends would pile up there.
template <class F>
work_ptr make_work(F function) {
  struct function_work final : work_item {
    explicit function_work(F&& what) : does(std::move(what)) {}
    void run() override {
      std::unique_ptr<function_work> const self(this);
      does();
    }
    void drop() noexcept override { delete this; }
    F does;
  };
  return work_ptr(new function_work(std::move(function)));
}

/// Items in the order in which they came; drops those that are left.
class work_queue {
 public:
  work_queue() noexcept = default;
  work_queue(work_queue const&) = delete;
  work_queue& operator=(work_queue const&) = delete;
  ~work_queue() {
    while (pop()) {
    }
  }

  bool empty() const noexcept { return !first_; }
  void push(work_ptr item) noexcept {
    auto* const added = item.release();
    added->next_ = nullptr;
    (last_ ? last_->next_ : first_) = added;
    last_ = added;
  }
  /// Null when it is empty.
  work_ptr pop() noexcept {
    work_ptr item(first_);
    if (first_) first_ = first_->next_;
    if (!first_) last_ = nullptr;
    return item;
  }
  void swap(work_queue& other) noexcept {
    std::swap(first_, other.first_);
    std::swap(last_, other.last_);
  }

 private:
  work_item* first_ = nullptr;
  work_item* last_ = nullptr;
};

}  // namespace dist
