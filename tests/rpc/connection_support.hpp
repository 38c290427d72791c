#pragma once

#include "support/world.hpp"
#include "wire/connection.hpp"

namespace dist::test {

/// Writes all raw bytes.
inline task<void> write_raw(stream& to, std::string bytes) {
  asio::const_buffer const one[] = {asio::buffer(bytes)};
  co_await to.write(one);
}

/// Reads raw bytes until the end of the stream.
inline task<std::string> read_raw(stream& from) {
  std::string text;
  for (;;) {
    std::byte piece[1000];
    std::size_t count = 0;
    try {
      count = co_await from.read_some(asio::buffer(piece));
    } catch (std::system_error const&) {
    }
    if (count == 0) co_return text;
    text.append(as_text({piece, count}));
  }
}

}  // namespace dist::test
