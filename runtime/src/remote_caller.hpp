#pragma once

#include <dist/rpc/call_table.hpp>
#include <dist/rpc/connection.hpp>
#include <dist/runtime/caller.hpp>
#include <string>

namespace dist {

/// Makes calls on a master at the other end of a connection: a connected job's, or the nested ones of a node's methods.
/// The connection comes and goes; without one, calls fail at once.
class remote_caller final : public caller {
 public:
  remote_caller(seams const& world, limits const& bounds) : caller(world, bounds) {}

  call_ptr make_call() override { return new call_record_of_remote; }
  void when_nodes(std::size_t count, nodes_waiter done) override;

  void attach(connection& to) noexcept { session_ = &to; }
  /// The connection ended: what is in flight fails with `why`.
  void detach(std::string const& why) noexcept;

  void on_reply(frame& in);
  void on_fault(frame& in);
  void stop() noexcept;

 private:
  struct call_record_of_remote final : call_record {
    call_id id;
    bool sent = false;
  };
  using remote_ptr = boost::intrusive_ptr<call_record_of_remote>;

  void dispatch(call_ptr const& call) override;
  abandoned abandon(call_record& call) override;
  void ended(call_record&) noexcept override {}

  connection* session_ = nullptr;
  std::string detached_why_ = "not connected yet";
  call_table<remote_ptr> table_;
};

}  // namespace dist
