#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "ledger/call_ledger.hpp"
#include "master/method_lookup.hpp"
#include "master/node_waiters.hpp"

namespace dist {

/// The nodes of a master, for those who wait for nodes or ask which could take a call.
class master_nodes final : public node_directory {
 public:
  master_nodes(call_ledger& ledger, method_lookup& methods) : ledger_(ledger), methods_(methods) {}

  std::shared_ptr<void> when_nodes(std::size_t count, nodes_waiter done) override;
  task<void> own_nodes_joined() override;
  call_ptr list_nodes(call_record const& like, nodes_taker done) override;
  std::string address_of(std::string_view name) const override;

  node_waiters& waiters() noexcept { return waiting_; }

 private:
  call_ledger& ledger_;
  method_lookup& methods_;
  node_waiters waiting_;
};

}  // namespace dist
