#include <dist/runtime/detail/kept_reply.hpp>

#include <algorithm>
#include <cstring>

namespace dist {
namespace {

/// A block's head and what rounding up adds, about.
constexpr std::size_t allocator_bytes = 16;

}  // namespace

kept_reply::kept_reply(method_key const& method, call_reply const& reply) : codec_(reply.codec), is_there_(true) {
  if (reply.failed) {
    failed_ = std::make_unique<fault>(*reply.failed);
    if (failed_->method.empty()) failed_->method = method.name;
  } else if (reply.bytes.size() <= most_inside_bytes) {
    inside_bytes_ = static_cast<std::uint8_t>(reply.bytes.size());
    if (!reply.bytes.empty()) std::memcpy(inside_.data(), reply.bytes.data(), reply.bytes.size());
  } else if (reply.source) {
    outside_ = std::make_unique<payload>(reply.source->take());
  } else {
    outside_ = std::make_unique<payload>(buffer(reply.bytes));
  }
}

call_reply kept_reply::view() const noexcept {
  call_reply reply;
  reply.failed = failed_.get();
  reply.codec = codec_;
  reply.bytes = outside_ ? outside_->bytes() : std::span<std::byte const>(inside_.data(), inside_bytes_);
  return reply;
}

std::size_t kept_reply::memory_bytes() const noexcept {
  auto bytes = sizeof *this;
  if (failed_) bytes += sizeof(fault) + failed_->message.size() + allocator_bytes;
  if (outside_) bytes += sizeof(payload) + std::max<std::size_t>(outside_->bytes().size(), 64) + 2 * allocator_bytes;
  return bytes;
}

}  // namespace dist
