#include <dist/rpc/detail/codec.hpp>
#include <dist/rpc/detail/request_options.hpp>
#include <dist/rpc/detail/type_text.hpp>

#include "fuzz.hpp"
#include "wire/hello.hpp"

// Everything read before a peer has proven itself: handshake messages, faults, and the type texts of a hello.

namespace {

using namespace dist;

template <class Message>
void read_as(std::span<std::byte const> bytes) {
  Message message;
  decode_result(codec::cbor, bytes, 64, message).clear();
}

}  // namespace

int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto const input = fuzz::bytes_of(data, size);
  read_as<challenge>(input);
  read_as<welcome>(input);
  auto const what = get_fault(input, 64);
  fuzz::require(what.code != errc{}, "a fault without an error code");
  request_options options;
  decode(input, options).clear();
  hello who;
  if (decode_result(codec::cbor, input, 64, who).empty())
    for (auto const& method : who.methods)
      for (auto const& other : who.methods) type_mismatch(method.arguments, other.arguments).clear();
  auto const text = as_text(input);
  auto const middle = text.size() / 2;
  type_mismatch(text.substr(0, middle), text.substr(middle)).clear();
  type_mismatch(text, text).clear();
  return 0;
}
