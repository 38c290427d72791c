#include "wire/frame_reader.hpp"

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

frame_reader::frame_reader(std::size_t frame_limit_bytes, char const* limit_name, memory_budget* memory)
    : frame_limit_bytes_(frame_limit_bytes), limit_name_(limit_name), share_(memory) {
  chunk_.grow(first_chunk_bytes);
}

std::span<std::byte> frame_reader::prepare() {
  if (in_large_) {
    auto const total = large_total();
    if (!dropping_ && large_filled_ == large_.size())
      grow_large(std::min(total, std::max(first_large_bytes, large_.size() * 2)));
    if (dropping_) return {chunk_.data(), std::min(total - large_filled_, chunk_.size())};
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
  // A peer that fills the chunk sends much; one that waits within a frame needs room for the rest of it.
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
  begin_large(header, std::span<std::byte const>(start, available).subspan(frame_header_bytes));
  return std::nullopt;
}

void frame_reader::begin_large(frame_header header, std::span<std::byte const> here) {
  in_large_ = true;
  dropping_ = false;
  large_header_ = header;
  large_ = buffer();
  auto const lead = payload_lead_bytes(header.kind);
  large_filled_ = lead + here.size();
  auto const* const memory = share_.budget();
  if (memory && !memory->ever_has_room(large_total())) {
    drop_large();
  } else {
    large_.reserve_kept(large_total());
    grow_large(large_filled_);
  }
  if (!dropping_) std::memcpy(large_.data() + lead, here.data(), here.size());
  begin_ = end_ = 0;
}

void frame_reader::grow_large(std::size_t to) {
  auto const more = to - large_.size();
  if (!share_.has_room(more)) return drop_large();
  try {
    large_.grow(more);
  } catch (std::bad_alloc const&) {
    return drop_large();
  }
  share_.set(to);
}

bool frame_reader::wants_room() const noexcept {
  return in_large_ && !dropping_ && large_filled_ == large_.size() && !share_.has_room(large_total() - large_.size());
}

void frame_reader::drop_large() noexcept {
  dropping_ = true;
  large_ = buffer();
  share_.set(0);
}

std::optional<frame> frame_reader::next_large() {
  if (large_filled_ < large_total()) return std::nullopt;
  in_large_ = false;
  share_.set(0);
  if (dropping_) return frame(large_header_);
  return frame(large_header_, payload(std::move(large_), payload_lead_bytes(large_header_.kind)));
}

}  // namespace dist
