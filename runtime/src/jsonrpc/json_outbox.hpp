#pragma once

#include <asio/buffer.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <dist/rpc/memory_budget.hpp>
#include <span>
#include <string>
#include <vector>

namespace dist {

/// JSON texts that wait to be written to one peer, in order. Small ones are gathered, large ones stay as they are and
/// are let go one by one. Pure.
class json_outbox {
 public:
  explicit json_outbox(memory_budget* memory = nullptr) noexcept : share_(memory) {}

  void put(std::string text);

  bool empty() const noexcept { return held_bytes() == 0; }
  /// Put and not yet written.
  std::size_t held_bytes() const noexcept { return share_.bytes(); }
  memory_share const& share() const noexcept { return share_; }
  std::uint64_t written_bytes() const noexcept { return written_bytes_; }
  /// The stream position of the next message.
  std::uint64_t put_bytes() const noexcept { return written_bytes_ + held_bytes(); }

  /// The bytes to write now. Valid until wrote(); put() does not move them.
  std::span<asio::const_buffer const> left();
  /// So many bytes of it, the first ones, have been written.
  void wrote(std::size_t bytes) noexcept;
  /// Nothing more will be written.
  void clear() noexcept;

 private:
  std::deque<std::string> pieces_;
  std::size_t done_ = 0;    ///< of the first piece
  std::size_t sealed_ = 0;  ///< pieces that left() has handed out, which must not move
  bool ends_in_run_ = false;  ///< of small texts
  std::vector<asio::const_buffer> gathered_;
  std::string spare_;  ///< the memory of a written run, to be filled again
  memory_share share_;
  std::uint64_t written_bytes_ = 0;
};

}  // namespace dist
