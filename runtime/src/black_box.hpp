#pragma once

#include <cstdint>

namespace dist {

/// What a node process leaves behind, written where its parent can read it when the process has died: memory that both
/// have mapped.
class black_box {
 public:
  /// The parent's: a new one. Throws std::system_error.
  black_box();
  /// The child's: the one that it inherited; closes the descriptor.
  explicit black_box(int descriptor);
  black_box(black_box const&) = delete;
  black_box& operator=(black_box const&) = delete;
  ~black_box();

  /// The parent's, for the child to inherit.
  int descriptor() const noexcept { return descriptor_; }

  /// The node has joined a master.
  void joined(std::uint64_t incarnation) noexcept;
  /// 0: it never joined.
  std::uint64_t incarnation() const noexcept;

 private:
  struct page;

  int descriptor_ = -1;
  page* page_ = nullptr;
};

}  // namespace dist
