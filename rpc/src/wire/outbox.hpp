#pragma once

#include <asio/buffer.hpp>
#include <cstddef>
#include <cstdint>
#include <dist/rpc/detail/frame.hpp>
#include <dist/rpc/memory_budget.hpp>
#include <memory>
#include <span>
#include <vector>

namespace dist {

/// Frames that wait to be written to one peer. Small ones are gathered in one run of bytes, large payloads stay where
/// they are; all that is ready leaves in one system call. Pure.
class outbox {
 public:
  explicit outbox(memory_budget* memory = nullptr) noexcept : share_(memory) {}

  /// Without a payload.
  void put(frame_header header) { put(header, std::span<std::byte const>(), std::span<std::byte const>()); }
  /// Copies the payload.
  void put(frame_header header, std::span<std::byte const> payload) { put(header, {}, payload); }
  /// `prefix` goes before the payload; both are copied.
  void put(frame_header header, std::span<std::byte const> prefix, std::span<std::byte const> payload);
  /// Takes a large payload without copying it; `keep` holds it alive until it is written; nothing when it
  /// lives that long by itself.
  void put(frame_header header, std::span<std::byte const> prefix, std::span<std::byte const> payload,
           std::shared_ptr<void const> keep);
  /// Takes the payload over: copied when small, kept when large.
  void put(frame_header header, buffer payload);

  /// Position of the first byte of the last frame in the stream, from 1.
  std::uint64_t last_begin() const noexcept { return last_begin_; }
  /// Bytes written so far: a frame that begins after them never left this process.
  std::uint64_t written_bytes() const noexcept { return written_bytes_; }

  bool empty() const noexcept { return waiting_bytes_ == 0; }
  /// Waiting and being written.
  std::size_t held_bytes() const noexcept { return waiting_bytes_ + leaving_bytes_; }

  /// Takes all pending output. Not while previously taken output is left.
  std::span<asio::const_buffer const> take();
  /// Output that was taken and is not yet written.
  std::span<asio::const_buffer const> left() const noexcept { return std::span(gathered_).subspan(first_left_); }
  /// So many bytes of it, the first ones, have been written. A large payload is let go with its last byte.
  void wrote(std::size_t bytes) noexcept;
  void wrote_all() noexcept;

 private:
  struct segment {
    buffer bytes;                      ///< our own, or
    std::span<std::byte const> view;   ///< owned elsewhere,
    std::shared_ptr<void const> keep;  ///< held by this
  };

  /// Counts a frame and puts its header.
  buffer& begin(frame_header header, std::size_t payload_bytes);
  buffer& tail();

  std::vector<segment> waiting_;
  std::vector<segment> leaving_;
  std::vector<asio::const_buffer> gathered_;
  std::size_t first_left_ = 0;  ///< in gathered_
  std::uint64_t last_begin_ = 0;
  std::size_t waiting_bytes_ = 0;
  std::size_t leaving_bytes_ = 0;
  std::uint64_t written_bytes_ = 0;
  memory_share share_;
  buffer spare_;  ///< the last written run of bytes, to be filled again
};

/// Payloads above this are not copied into the run of bytes.
inline constexpr std::size_t outbox_copy_bytes = 16 * 1024;

}  // namespace dist
