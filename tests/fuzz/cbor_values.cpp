#include "values.hpp"

// Input that the CBOR reader accepts as a value.
int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  dist::fuzz::read_values(dist::codec::cbor, dist::fuzz::bytes_of(data, size));
  return 0;
}
