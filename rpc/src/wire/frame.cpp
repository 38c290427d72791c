#include <dist/rpc/detail/frame.hpp>

#include <algorithm>

namespace dist {
namespace {

constexpr std::byte magic[2] = {std::byte{0xD1}, std::byte{0x57}};

template <class Unsigned>
void put(std::byte* out, Unsigned value) noexcept {
  for (std::size_t i = 0; i < sizeof value; ++i) out[i] = static_cast<std::byte>(value >> (8 * i));
}

template <class Unsigned>
Unsigned get(std::byte const* in) noexcept {
  Unsigned value = 0;
  for (std::size_t i = 0; i < sizeof value; ++i)
    value = static_cast<Unsigned>(value | static_cast<Unsigned>(static_cast<Unsigned>(in[i]) << (8 * i)));
  return value;
}

constexpr std::size_t padded(std::size_t bytes) noexcept { return (bytes + 7) / 8 * 8; }

}  // namespace

void encode(frame_header const& header, std::byte* out) noexcept {
  out[0] = magic[0];
  out[1] = magic[1];
  out[2] = std::byte{protocol_version};
  out[3] = static_cast<std::byte>(header.kind);
  out[4] = std::byte{header.flags};
  out[5] = std::byte{header.codec};
  put(out + 6, header.method);
  put(out + 8, header.payload_bytes);
  put(out + 12, header.deadline_us);
  put(out + 16, header.id.index);
  put(out + 20, header.id.generation);
}

std::string decode(std::byte const* in, frame_header& header) {
  if (in[0] != magic[0] || in[1] != magic[1]) return "not a dist/1 frame: it does not start with D1 57";
  if (in[2] != std::byte{protocol_version})
    return "dist protocol version " + std::to_string(std::to_integer<int>(in[2])) + ", expected " +
           std::to_string(protocol_version);
  auto const kind = std::to_integer<std::uint8_t>(in[3]);
  if (kind < static_cast<std::uint8_t>(frame_kind::challenge) || kind > static_cast<std::uint8_t>(frame_kind::goodbye))
    return "frame of unknown kind " + std::to_string(kind);
  header.kind = static_cast<frame_kind>(kind);
  header.flags = std::to_integer<std::uint8_t>(in[4]);
  header.codec = std::to_integer<std::uint8_t>(in[5]);
  if (header.codec > 1) return "frame with unknown codec " + std::to_string(header.codec);
  header.method = get<std::uint16_t>(in + 6);
  header.payload_bytes = get<std::uint32_t>(in + 8);
  header.deadline_us = get<std::uint32_t>(in + 12);
  header.id.index = get<std::uint32_t>(in + 16);
  header.id.generation = get<std::uint32_t>(in + 20);
  return {};
}

void put_prefix(buffer& out, std::uint8_t flags, request_prefix const& prefix) {
  if (flags & frame_flags::nested) {
    auto* at = out.grow(8);
    put(at, prefix.parent.index);
    put(at + 4, prefix.parent.generation);
  }
  if (flags & frame_flags::named) {
    auto const length = std::min(prefix.method.size(), most_name_bytes);
    auto const total = padded(1 + length);
    auto* at = out.grow(total);
    std::memset(at, 0, total);
    at[0] = static_cast<std::byte>(length);
    std::memcpy(at + 1, prefix.method.data(), length);
  }
  if (flags & frame_flags::options) {
    auto const total = padded(2 + prefix.options.size());
    auto* at = out.grow(total);
    std::memset(at, 0, total);
    put(at, static_cast<std::uint16_t>(prefix.options.size()));
    std::memcpy(at + 2, prefix.options.data(), prefix.options.size());
  }
}

std::string get_prefix(std::span<std::byte const> bytes, std::uint8_t flags, request_prefix& prefix) {
  if (flags & frame_flags::nested) {
    if (bytes.size() < 8) return "request without the call id of its parent";
    prefix.parent = {get<std::uint32_t>(bytes.data()), get<std::uint32_t>(bytes.data() + 4)};
    prefix.bytes = 8;
  }
  if (flags & frame_flags::named) {
    auto const rest = bytes.subspan(prefix.bytes);
    auto const length = rest.empty() ? 0 : std::to_integer<std::size_t>(rest[0]);
    if (length == 0 || rest.size() < padded(1 + length)) return "request without a method name";
    prefix.method = as_text(rest.subspan(1, length));
    prefix.bytes += padded(1 + length);
  }
  if (flags & frame_flags::options) {
    auto const rest = bytes.subspan(prefix.bytes);
    auto const length = rest.size() < 2 ? std::size_t{0} : get<std::uint16_t>(rest.data());
    if (length == 0 || rest.size() < padded(2 + length)) return "request without its options";
    if (length > most_options_bytes)
      return "request with " + std::to_string(length) + " bytes of options; the maximum is " +
             std::to_string(most_options_bytes);
    prefix.options = rest.subspan(2, length);
    prefix.bytes += padded(2 + length);
  }
  return {};
}

payload frame::take(std::size_t offset) {
  if (!owns_) {
    auto const rest = bytes_.subspan(offset);
    auto const lead = payload_lead_bytes(header_.kind);
    buffer copy;
    copy.reserve(lead + rest.size());
    copy.grow(lead);
    copy.append(rest);
    return payload(std::move(copy), lead);
  }
  owns_ = false;
  auto kept = std::move(large_);
  kept.skip(offset);
  bytes_ = {};
  return kept;
}

}  // namespace dist
