#pragma once

#include <cstdint>
#include <dist/rpc/detail/frame.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "wire/frame_reader.hpp"

namespace dist {

inline std::ostream& operator<<(std::ostream& out, call_id id) { return out << id.index << '/' << id.generation; }
inline std::ostream& operator<<(std::ostream& out, frame_kind kind) { return out << static_cast<int>(kind); }

}  // namespace dist

namespace dist::test {

inline frame_header header_of(frame_kind kind, call_id id = {}) {
  frame_header header;
  header.kind = kind;
  header.id = id;
  return header;
}

/// A whole frame as bytes on the wire.
inline std::string frame_text(frame_header header, std::string_view payload = {}) {
  header.payload_bytes = static_cast<std::uint32_t>(payload.size());
  std::string text(frame_header_bytes, '\0');
  encode(header, reinterpret_cast<std::byte*>(text.data()));
  return text.append(payload);
}

/// A copy of what a frame contained.
struct seen_frame {
  frame_header header;
  std::string payload;

  explicit seen_frame(frame const& from) : header(from.header()), payload(as_text(from.bytes())) {}
};

/// Feeds all of `bytes` in pieces of at most `piece` bytes and returns the frames that came out.
inline std::vector<seen_frame> read_all(frame_reader& reader, std::string_view bytes, std::size_t piece) {
  std::vector<seen_frame> frames;
  while (!bytes.empty() && reader.problem().empty()) {
    auto const room = reader.prepare();
    auto const count = std::min({room.size(), bytes.size(), piece});
    std::memcpy(room.data(), bytes.data(), count);
    reader.commit(count);
    bytes.remove_prefix(count);
    while (auto next = reader.next()) frames.emplace_back(*next);
  }
  return frames;
}

}  // namespace dist::test
