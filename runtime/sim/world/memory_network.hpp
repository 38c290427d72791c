#pragma once

#include <cstdint>
#include <dist/rpc/network.hpp>
#include <map>
#include <memory>
#include <set>

#include "sim/world/memory_stream.hpp"

namespace dist::test {

class memory_listener;

/// A network in memory. Hosts are plain names; "localhost" is 127.0.0.1 and a listener on 0.0.0.0 or :: hears
/// every host. The plans and sizes apply to streams that are made later.
class memory_network final : public network {
 public:
  memory_network();
  ~memory_network() override;

  task<std::unique_ptr<stream>> connect(address to) override;
  /// The same with plans of its own for the two ends, as from a host called `from`.
  task<std::unique_ptr<stream>> connect_with(address to, std::shared_ptr<fault_plan> ours,
                                             std::shared_ptr<fault_plan> theirs, std::string from);
  std::unique_ptr<listener> listen(address at) override;

  /// Connecting to this host hangs until it is cancelled, as when packets are dropped.
  void blackhole(std::string host) { dark_.insert(std::move(host)); }
  void restore(std::string const& host) { dark_.erase(host); }

  std::size_t pipe_bytes = default_pipe_bytes;
  std::shared_ptr<fault_plan> connect_plan = std::make_shared<fault_plan>();  ///< of the ends that connect() returns
  std::shared_ptr<fault_plan> accept_plan = std::make_shared<fault_plan>();   ///< of the ends that accept() returns
  std::string client_host = "127.0.0.1";                                      ///< the apparent origin of connections
  std::size_t connects = 0;                                                   ///< successful ones so far

  struct port_state;

 private:
  std::shared_ptr<port_state> find(address const& to) const;

  std::map<std::pair<std::string, std::uint16_t>, std::weak_ptr<port_state>> ports_;
  std::set<std::string> dark_;
  std::uint16_t next_port_ = 40'000;
};

}  // namespace dist::test
