#pragma once

#include <cstddef>
#include <dist/rpc/detail/frame.hpp>
#include <dist/rpc/error.hpp>
#include <dist/rpc/memory_budget.hpp>
#include <optional>
#include <span>
#include <string>

namespace dist {

/// Cuts a stream of bytes into frames. Pure: bytes in through prepare() and commit(), frames out of next().
///
/// Small frames are views of one buffer that holds many; a large one is read straight to where it will live. Nothing is
/// allocated for a length that was only announced: memory grows as the bytes arrive. A large payload that the budget
/// has no room for is read and dropped; its frame is marked.
class frame_reader {
 public:
  /// `limit_name` is the limit named in the error for a larger frame, until set_limit.
  explicit frame_reader(std::size_t frame_limit_bytes, char const* limit_name = "frame_bytes",
                        memory_budget* memory = nullptr);

  /// Where the next bytes go. Ends the life of the frames handed out before.
  std::span<std::byte> prepare();
  /// `count` bytes of prepare()'s buffer were filled.
  void commit(std::size_t count);

  /// The next whole frame; nothing when more bytes are needed or problem() is not empty.
  std::optional<frame> next();

  /// For the frames from here on.
  void set_limit(std::size_t frame_limit_bytes, char const* limit_name = "frame_bytes") noexcept {
    frame_limit_bytes_ = frame_limit_bytes;
    limit_name_ = limit_name;
  }
  /// The error in the stream; once it is not empty the stream is unusable.
  std::string const& problem() const noexcept { return problem_; }
  /// Its kind: protocol_error or limit_exceeded.
  errc problem_code() const noexcept { return problem_code_; }
  /// Whether the peer stopped in the middle of a frame.
  bool in_frame() const noexcept { return in_large_ || end_ != begin_; }
  /// Whether the rest of a large payload would fit if other peers freed their memory: waiting for that before
  /// it reads on need not have it dropped.
  bool wants_room() const noexcept;
  /// The memory that it has.
  std::size_t held_bytes() const noexcept { return chunk_.capacity() + large_.capacity(); }

 private:
  std::optional<frame> next_large();
  void begin_large(frame_header header, std::span<std::byte const> here);
  std::size_t large_total() const noexcept {
    return payload_lead_bytes(large_header_.kind) + large_header_.payload_bytes;
  }
  void grow_large(std::size_t to);
  void drop_large() noexcept;

  std::size_t frame_limit_bytes_;
  char const* limit_name_;
  buffer chunk_;           ///< filled from begin_ to end_
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool in_large_ = false;
  frame_header large_header_;
  buffer large_;
  std::size_t large_filled_ = 0;
  bool dropping_ = false;  ///< the large payload
  memory_share share_;     ///< of the large payload
  std::string problem_;
  errc problem_code_ = errc::protocol_error;
};

}  // namespace dist
