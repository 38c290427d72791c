#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <dist/runtime/detail/call_reply.hpp>
#include <dist/runtime/detail/method_key.hpp>
#include <memory>

namespace dist {

/// The outcome of a call, kept as small as possible until it is read: many may have to wait for an earlier one.
class kept_reply {
 public:
  kept_reply() noexcept = default;
  kept_reply(method_key const& method, call_reply const& reply);

  bool is_there() const noexcept { return is_there_; }
  fault const* failed() const noexcept { return failed_.get(); }
  /// As it came; good as long as this is.
  call_reply view() const noexcept;
  /// All the memory that it takes, including the allocator's overhead.
  std::size_t memory_bytes() const noexcept;

 private:
  static constexpr std::size_t most_inside_bytes = 13;

  std::unique_ptr<fault> failed_;
  std::unique_ptr<payload> outside_;
  std::array<std::byte, most_inside_bytes> inside_;
  std::uint8_t inside_bytes_ = 0;
  dist::codec codec_ = dist::codec::cbor;
  bool is_there_ = false;
};

}  // namespace dist
