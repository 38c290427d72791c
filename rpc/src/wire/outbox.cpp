#include "wire/outbox.hpp"

#include <algorithm>
#include <utility>

namespace dist {
namespace {

/// A run of bytes that grew beyond this by one burst is freed.
constexpr std::size_t spare_bytes = 1024 * 1024;

}  // namespace

buffer& outbox::tail() {
  if (waiting_.empty() || !waiting_.back().view.empty()) {
    waiting_.emplace_back();
    waiting_.back().bytes = std::exchange(spare_, {});
  }
  return waiting_.back().bytes;
}

buffer& outbox::begin(frame_header header, std::size_t payload_bytes) {
  last_begin_ = written_bytes_ + held_bytes() + 1;
  header.payload_bytes = static_cast<std::uint32_t>(payload_bytes);
  auto& out = tail();
  encode(header, out.grow(frame_header_bytes));
  waiting_bytes_ += frame_header_bytes + payload_bytes;
  share_.set(held_bytes());
  return out;
}

void outbox::put(frame_header header, std::span<std::byte const> prefix, std::span<std::byte const> payload) {
  auto& out = begin(header, prefix.size() + payload.size());
  out.append(prefix);
  out.append(payload);
}

void outbox::put(frame_header header, std::span<std::byte const> prefix, std::span<std::byte const> payload,
                 std::shared_ptr<void const> keep) {
  if (payload.size() <= outbox_copy_bytes) return put(header, prefix, payload);
  begin(header, prefix.size() + payload.size()).append(prefix);
  waiting_.push_back({{}, payload, std::move(keep)});
}

void outbox::put(frame_header header, buffer payload) {
  if (payload.size() <= outbox_copy_bytes) return put(header, {}, payload.bytes());
  auto const kept = std::make_shared<buffer const>(std::move(payload));
  put(header, {}, kept->bytes(), kept);
}

std::span<asio::const_buffer const> outbox::take() {
  std::swap(leaving_, waiting_);
  leaving_bytes_ = std::exchange(waiting_bytes_, 0);
  for (auto const& s : leaving_) {
    auto const bytes = s.view.empty() ? s.bytes.bytes() : s.view;
    gathered_.emplace_back(bytes.data(), bytes.size());
  }
  return left();
}

void outbox::wrote(std::size_t bytes) noexcept {
  written_bytes_ += bytes;
  leaving_bytes_ -= bytes;
  share_.set(held_bytes());
  for (; first_left_ < gathered_.size(); ++first_left_) {
    auto& next = gathered_[first_left_];
    auto const here = std::min(bytes, next.size());
    next += here;
    bytes -= here;
    if (next.size() > 0) return;
    leaving_[first_left_].keep.reset();
  }
  wrote_all();
}

void outbox::wrote_all() noexcept {
  // The first is always a run of bytes: a large payload follows its header.
  if (!leaving_.empty() && leaving_.front().bytes.capacity() <= spare_bytes) {
    spare_ = std::move(leaving_.front().bytes);
    spare_.clear();
  }
  leaving_.clear();
  written_bytes_ += std::exchange(leaving_bytes_, 0);
  share_.set(held_bytes());
  gathered_.clear();
  first_left_ = 0;
}

}  // namespace dist
