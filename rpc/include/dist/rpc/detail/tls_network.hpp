#pragma once

#include <dist/rpc/network.hpp>
#include <dist/rpc/tls_context.hpp>

namespace dist {

/// Another network whose connections are TLS: for nodes and jobs whose master requires it.
///
/// Shape    connect() includes the handshake: give both one time limit. listen() is the other network's own; a master
///          tells TLS from the rest by the first byte, see master_options::tls.
/// Lives    `over` outlives it.
class tls_network final : public network {
 public:
  tls_network(network& over, tls_context with) noexcept : over_(over), context_(std::move(with)) {}

  task<std::unique_ptr<stream>> connect(address to) override;
  std::unique_ptr<listener> listen(address at) override { return over_.listen(std::move(at)); }

 private:
  network& over_;
  tls_context context_;
};

}  // namespace dist
