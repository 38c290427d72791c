#include <dist/rpc/frame_reader.hpp>

#include <algorithm>

namespace dist {
namespace {

constexpr std::size_t first_chunk_bytes = 16 * 1024;
constexpr std::size_t most_chunk_bytes = 256 * 1024;
/// Payloads above this are read to a place of their own.
constexpr std::size_t large_bytes = 64 * 1024;
/// The cache likes pieces of this size better than one read of everything.
constexpr std::size_t piece_bytes = 256 * 1024;
constexpr std::size_t first_large_bytes = 1024 * 1024;

}  // namespace

frame_reader::frame_reader(std::size_t frame_limit_bytes, char const* limit_name)
    : frame_limit_bytes_(frame_limit_bytes), limit_name_(limit_name) {
  chunk_.grow(first_chunk_bytes);
}

std::span<std::byte> frame_reader::prepare() {
  if (in_large_) {
    auto const total = payload_lead_bytes(large_header_.kind) + large_header_.payload_bytes;
    if (large_filled_ == large_.size())
      large_.grow(std::min(total, std::max(first_large_bytes, large_.size() * 2)) - large_.size());
    auto const room = std::min(large_.size() - large_filled_, piece_bytes);
    return {large_.data() + large_filled_, room};
  }
  if (begin_ == end_) {
    begin_ = end_ = 0;
  } else if (begin_ != 0 && chunk_.size() - end_ < chunk_.size() / 2) {
    // Each byte is moved once at most: begin_ leaves 0 only when a frame has been handed out.
    std::memmove(chunk_.data(), chunk_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  // A peer that fills the chunk has much to say; one that waits in the middle of a frame needs room for the rest of it.
  if (end_ == chunk_.size()) chunk_.grow(chunk_.size());
  return {chunk_.data() + end_, chunk_.size() - end_};
}

void frame_reader::commit(std::size_t count) {
  if (in_large_) {
    large_filled_ += count;
    return;
  }
  end_ += count;
  if (begin_ == 0 && end_ == chunk_.size() && chunk_.size() < most_chunk_bytes) {
    auto const more = chunk_.size();
    chunk_.grow(more);
  }
}

std::optional<frame> frame_reader::next() {
  if (!problem_.empty()) return std::nullopt;
  if (in_large_) return next_large();
  auto const available = end_ - begin_;
  if (available < frame_header_bytes) return std::nullopt;
  auto const* start = chunk_.data() + begin_;
  frame_header header;
  if (problem_ = decode(start, header); !problem_.empty()) return std::nullopt;
  if (header.payload_bytes > frame_limit_bytes_) {
    problem_code_ = errc::limit_exceeded;
    problem_ = "a frame of " + std::to_string(header.payload_bytes) + " bytes; the limit (" + limit_name_ + ") is " +
               std::to_string(frame_limit_bytes_);
    return std::nullopt;
  }
  auto const total = frame_header_bytes + header.payload_bytes;
  if (available >= total) {
    begin_ += total;
    return frame(header, {start + frame_header_bytes, header.payload_bytes});
  }
  if (header.payload_bytes <= large_bytes) return std::nullopt;
  auto const here = std::span<std::byte const>(start, available).subspan(frame_header_bytes);
  in_large_ = true;
  large_header_ = header;
  auto const lead = payload_lead_bytes(header.kind);
  large_ = buffer();
  large_.reserve_kept(lead + header.payload_bytes);
  large_.grow(lead + here.size());
  std::memcpy(large_.data() + lead, here.data(), here.size());
  large_filled_ = large_.size();
  begin_ = end_ = 0;
  return std::nullopt;
}

std::optional<frame> frame_reader::next_large() {
  auto const lead = payload_lead_bytes(large_header_.kind);
  if (large_filled_ < lead + large_header_.payload_bytes) return std::nullopt;
  in_large_ = false;
  return frame(large_header_, payload(std::move(large_), lead));
}

}  // namespace dist
