#pragma once

#include <boost/describe/class.hpp>
#include <cstddef>
#include <cstdint>
#include <dist/rpc/detail/buffer.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace dist {

/// Rare options of one call; sent in a request's prefix under their own flag, so that a
/// request without options has none of its bytes. Each may be absent.
struct request_options {
  std::vector<std::string> needs;        ///< labels that the node must have: `gpu=1` or `gpu`; `node=NAME` is that node
  std::optional<std::uint32_t> retries;  ///< how often to issue it again when its method throws dist::transient
  std::optional<std::uint64_t>
      kill_after_us;  ///< end the process if the method still runs this long after its call ended
  std::optional<std::uint64_t> node_wait_us;   ///< fail with errc::no_node after this long without a node for it
  std::optional<std::string> traceparent;      ///< of the trace that the call belongs to; see traceparent.hpp

  friend bool operator==(request_options const&, request_options const&) = default;
};
BOOST_DESCRIBE_STRUCT(request_options, (), (needs, retries, kill_after_us, node_wait_us, traceparent))

/// As CBOR, to be put as request_prefix::options. Returns what is wrong (more than most_options_bytes), or an empty
/// text.
std::string encode(request_options const& options, buffer& out);
/// Returns what is wrong, or an empty text. A malformed traceparent is dropped, as its standard requires.
std::string decode(std::span<std::byte const> cbor, request_options& options);

}  // namespace dist
