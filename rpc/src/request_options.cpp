#include <dist/rpc/request_options.hpp>

#include <dist/rpc/codec.hpp>
#include <dist/rpc/frame.hpp>
#include <dist/rpc/limits.hpp>
#include <dist/rpc/traceparent.hpp>

namespace dist {

std::string encode(request_options const& options, buffer& out) {
  auto problem = encode_result(codec::cbor, spelling::declared, out, options);
  if (problem.empty() && out.size() > most_options_bytes)
    problem = "the options have " + std::to_string(out.size()) + " bytes; the maximum is " +
              std::to_string(most_options_bytes) + ": fewer or shorter labels in needs()";
  return problem;
}

std::string decode(std::span<std::byte const> cbor, request_options& options) {
  auto problem = decode_result(codec::cbor, cbor, limits{}.depth, options);
  if (!problem.empty()) problem = "the request's options: " + problem;
  if (options.traceparent && !is_traceparent(*options.traceparent)) options.traceparent.reset();
  return problem;
}

}  // namespace dist
