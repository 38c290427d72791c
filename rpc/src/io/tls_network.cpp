#include <dist/rpc/detail/tls_network.hpp>

#include "io/tls_stream.hpp"

namespace dist {

task<std::unique_ptr<stream>> tls_network::connect(address to) {
  auto const host = to.host;
  auto plain = co_await over_.connect(std::move(to));
  auto secured = tls_stream::connecting(std::move(plain), host, context_);
  co_await secured->handshake();
  co_return secured;
}

}  // namespace dist
