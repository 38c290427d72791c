#pragma once

#include <cstddef>
#include <cstdint>
#include <dist/rpc/detail/codec.hpp>
#include <dist/rpc/detail/frame.hpp>
#include <dist/rpc/fault.hpp>
#include <span>
#include <string_view>

namespace dist {

/// How a call ended: a view, valid during call_book::finish() and call_waiter::on_reply().
struct call_reply {
  static call_reply of(fault const& what) noexcept {
    call_reply reply;
    reply.failed = &what;
    reply.node = what.node;
    return reply;
  }
  /// Of a reply frame, which comes with others in one batch.
  static call_reply of(frame& in) noexcept {
    call_reply reply;
    reply.codec = static_cast<dist::codec>(in.header().codec);
    reply.bytes = in.bytes();
    reply.running_us = in.header().deadline_us;
    if (in.is_view())
      reply.lasts = true;
    else
      reply.source = &in;
    return reply;
  }

  fault const* failed = nullptr;
  dist::codec codec = dist::codec::cbor;
  std::span<std::byte const> bytes;
  frame* source = nullptr;       ///< where the bytes can be taken from without a copy; null: nowhere
  std::string_view node;         ///< who answered
  std::uint32_t running_us = 0;  ///< how long the method ran; 0: not measured
  bool lasts = false;            ///< valid until call_book::tell_waiters(), which is when the waiter is told
  bool at_once = false;          ///< it arrived before the waiter: no coroutine may resume inside await
};

}  // namespace dist
