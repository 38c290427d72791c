#pragma once

#include <cstddef>
#include <cstdint>
#include <dist/rpc/detail/buffer.hpp>
#include <dist/rpc/detail/call_id.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace dist {

// One dist/1 frame: a fixed header of 24 bytes, then the payload. docs/PROTOCOL.md defines every byte.

enum class frame_kind : std::uint8_t {
  challenge = 1,  ///< master: its nonce, and whether it requires a proof
  hello = 2,      ///< joiner: its identity, nonce, proof and methods
  welcome = 3,    ///< master: its proof, the name it gave, the settings both keep to
  request = 4,
  reply = 5,
  fault = 6,
  cancel = 7,
  beat = 8,     ///< call id's index: how many requests the sender has running
  drain = 9,    ///< the sender takes no new requests; what runs will be answered
  goodbye = 10  ///< the sender closes; the payload is the reason as text
};

/// Bits of frame_header::flags.
struct frame_flags {
  static constexpr std::uint8_t nested = 1;       ///< request: the payload starts with the parent's call id (8 bytes)
  static constexpr std::uint8_t named = 2;        ///< request: then the method's name; see put_name()
  static constexpr std::uint8_t go_spelling = 4;  ///< request: write the result's members as Go does
  static constexpr std::uint8_t by_method = 16;   ///< request to a node: a running method made it
  static constexpr std::uint8_t once = 8;         ///< request: never issue it a second time
  static constexpr std::uint8_t blocks = 64;      ///< nested request: its parent may block the thread that it runs on
  static constexpr std::uint8_t options = 32;     ///< request: then request_options
  static constexpr std::uint8_t again = 128;      ///< request to a master: it may have run; only where that does no harm
};

/// The fixed part of a frame; docs/PROTOCOL.md has its bytes.
struct frame_header {
  frame_kind kind{};
  std::uint8_t flags = 0;
  std::uint8_t codec = 0;
  std::uint16_t method = 0;
  std::uint32_t payload_bytes = 0;
  std::uint32_t deadline_us = 0;  ///< of a request: what remains, see deadline.hpp; of an answer: how long its method ran
  call_id id;
};

inline constexpr std::size_t frame_header_bytes = 24;
inline constexpr std::uint8_t protocol_version = 1;

void encode(frame_header const& header, std::byte* out) noexcept;
/// Reads frame_header_bytes. Returns what is wrong, or an empty text.
std::string decode(std::byte const* in, frame_header& header);

/// An optional prefix of a request's arguments. Its size is a multiple of 8, so that a large array behind it stays
/// aligned.
struct request_prefix {
  call_id parent;
  std::string_view method;              ///< views the payload
  std::span<std::byte const> options;   ///< likewise; see request_options.hpp
  std::size_t bytes = 0;    ///< the arguments start here
};

/// Of a method's name.
inline constexpr std::size_t most_name_bytes = 255;
/// Of a request's options.
inline constexpr std::size_t most_options_bytes = 4096;
/// The largest prefix: the parent, a name, options.
inline constexpr std::size_t most_prefix_bytes = 8 + 1 + most_name_bytes + 2 + most_options_bytes + 6;

void put_prefix(buffer& out, std::uint8_t flags, request_prefix const& prefix);
/// Returns what is wrong, or an empty text.
std::string get_prefix(std::span<std::byte const> payload, std::uint8_t flags, request_prefix& prefix);

/// A payload that is kept starts here in its buffer, so that one large array in it lies on a multiple of 8: an argument's
/// is 12 bytes on (list head, tag, byte string head), whatever prefix is before it, a result's 11 (no list).
constexpr std::size_t payload_lead_bytes(frame_kind kind) noexcept { return kind == frame_kind::request ? 4 : 5; }

/// A payload that stays: the bytes of one frame, owned.
class payload {
 public:
  payload() = default;
  explicit payload(buffer storage, std::size_t offset = 0) noexcept : storage_(std::move(storage)), offset_(offset) {}

  std::span<std::byte const> bytes() const noexcept { return storage_.bytes().subspan(offset_); }
  /// Moves the storage out; what bytes() returned stays valid.
  buffer release() && noexcept { return std::move(storage_); }
  /// Drops the first `count` bytes.
  void skip(std::size_t count) noexcept { offset_ += count; }

 private:
  buffer storage_;
  std::size_t offset_ = 0;
};

/// A frame as the reader hands it out: a view that is good until the reader is asked for more.
class frame {
 public:
  frame(frame_header header, std::span<std::byte const> bytes) noexcept : header_(header), bytes_(bytes) {}
  frame(frame_header header, payload large) noexcept
      : header_(header), large_(std::move(large)), bytes_(large_.bytes()), owns_(true) {}
  /// Of a payload that there was no room for: its bytes were read and are gone.
  explicit frame(frame_header header) noexcept : header_(header), owns_(true), is_dropped_(true) {}
  frame(frame&&) = default;
  frame& operator=(frame&&) = default;

  frame_header const& header() const noexcept { return header_; }
  std::span<std::byte const> bytes() const noexcept { return bytes_; }
  /// The payload from `offset` on, to keep: moved out of a large frame, copied from a small one.
  payload take(std::size_t offset = 0);
  /// Whether its bytes are the reader's; a large frame has its own.
  bool is_view() const noexcept { return !owns_; }
  /// Whether the payload is missing because memory was short.
  bool is_dropped() const noexcept { return is_dropped_; }

 private:
  frame_header header_;
  payload large_;
  std::span<std::byte const> bytes_;
  bool owns_ = false;
  bool is_dropped_ = false;
};

}  // namespace dist
