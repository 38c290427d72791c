#pragma once

#include <cstddef>
#include <dist/rpc/limits.hpp>
#include <dist/rpc/seams.hpp>
#include <string>

namespace dist {

/// The memory held for all peers together: incomplete messages, arguments, unread replies.
/// Pure; I/O thread.
class memory_budget {
 public:
  explicit memory_budget(std::size_t limit_bytes) noexcept : limit_bytes_(limit_bytes) {}
  /// As limits.memory says, or a share of the machine.
  explicit memory_budget(limits const& bounds);
  memory_budget(memory_budget const&) = delete;
  memory_budget& operator=(memory_budget const&) = delete;

  std::size_t limit_bytes() const noexcept { return limit_bytes_; }
  std::size_t held_bytes() const noexcept { return held_bytes_; }

  /// Whether a peer that holds `own` bytes may hold `more`. The last quarter is for peers that hold little, so that a few
  /// slow ones do not shut out the others.
  bool has_room(std::size_t own, std::size_t more) const noexcept {
    return fits(more, is_little(own, more) ? limit_bytes_ : most_of_many());
  }
  /// The same for the arguments of a call, which leave room for its answer.
  bool has_room_for_request(std::size_t own, std::size_t more) const noexcept {
    return fits(more, is_little(own, more) ? limit_bytes_ - limit_bytes_ / 8 : limit_bytes_ / 2);
  }
  /// Whether it would fit if nothing else were held.
  bool ever_has_room(std::size_t bytes) const noexcept { return bytes <= most_of_many(); }
  bool ever_has_room_for_request(std::size_t bytes) const noexcept { return bytes <= limit_bytes_ / 2; }
  /// Whether peers that hold much are not read from until they have read.
  bool is_tight(std::size_t own) const noexcept { return own > little_bytes() && held_bytes_ >= limit_bytes_ / 2; }
  /// For a fault: `the limit (memory) of 1000 bytes for all peers together has no room for it (900 are in use)...`
  std::string no_room_text() const;

 private:
  friend class memory_share;
  std::size_t little_bytes() const noexcept { return limit_bytes_ / 256; }
  std::size_t most_of_many() const noexcept { return limit_bytes_ - limit_bytes_ / 4; }
  bool is_little(std::size_t own, std::size_t more) const noexcept {
    return more <= little_bytes() && own <= little_bytes() - more;
  }
  bool fits(std::size_t more, std::size_t most) const noexcept { return more <= most && held_bytes_ <= most - more; }

  std::size_t limit_bytes_;
  std::size_t held_bytes_ = 0;
};

/// One holder's part of a budget; released by its destructor. Without a budget it counts nothing, and always has room.
class memory_share {
 public:
  explicit memory_share(memory_budget* of = nullptr) noexcept : of_(of) {}
  memory_share(memory_share const&) = delete;
  memory_share& operator=(memory_share const&) = delete;
  ~memory_share() { set(0); }

  std::size_t bytes() const noexcept { return bytes_; }
  void add(std::size_t bytes) noexcept { set(bytes_ + bytes); }
  void remove(std::size_t bytes) noexcept { set(bytes < bytes_ ? bytes_ - bytes : 0); }
  void set(std::size_t bytes) noexcept {
    if (of_) of_->held_bytes_ = of_->held_bytes_ - bytes_ + bytes;
    bytes_ = bytes;
  }
  /// Of this holder, for `more`.
  bool has_room(std::size_t more) const noexcept { return !of_ || of_->has_room(bytes_, more); }
  bool has_room_for_request(std::size_t more) const noexcept {
    return !of_ || of_->has_room_for_request(bytes_, more);
  }
  memory_budget* budget() const noexcept { return of_; }

 private:
  memory_budget* of_;
  std::size_t bytes_ = 0;
};

/// The same world; `own` is its memory budget if it has none.
inline seams with_memory(seams world, memory_budget& own) noexcept {
  if (!world.memory) world.memory = &own;
  return world;
}

/// Half of what this process may have: of the machine's memory, its cgroups' or its address space, whichever is least.
std::size_t default_memory_bytes();

}  // namespace dist
