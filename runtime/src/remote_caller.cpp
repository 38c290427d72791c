#include "remote_caller.hpp"

#include <dist/rpc/hello.hpp>

#include "served_calls.hpp"

namespace dist {

namespace {

class node_waiter final : public call_waiter {
 public:
  explicit node_waiter(caller::nodes_waiter done) : done_(std::move(done)) {}
  void on_reply(call_record const&, call_reply const& reply) noexcept override {
    done_(reply.failed);
  }

 private:
  caller::nodes_waiter done_;
};

}  // namespace

void remote_caller::when_nodes(std::size_t count, nodes_waiter done) {
  static method_key const key{std::string(wait_for_nodes_method), true, nullptr};
  auto const call = make_call();
  call->method = &key;
  call->early_problem = encode_arguments(codec::cbor, spelling::declared, call->arguments, std::uint64_t{count});
  start(call);
  await(call, std::make_unique<node_waiter>(std::move(done)));
}

void remote_caller::dispatch(call_ptr const& call) {
  if (!session_) {
    auto what = make_fault(errc::connection_lost, "no connection to the master: " + detached_why_);
    what.known = progress::not_started;
    what.phase = "connecting";
    return fail(*call, std::move(what));
  }
  if (session_->is_full())
    return fail(*call, make_fault(errc::overloaded, "the limit (outbox_bytes) of " +
                                                        std::to_string(bounds().outbox_bytes) +
                                                        " bytes that wait to be written is reached"));
  buffer wishes;
  if (call->options)
    if (auto const problem = encode(*call->options, wishes); !problem.empty())
      return fail(*call, make_fault(errc::limit_exceeded, problem));
  auto const remote = static_cast<call_record_of_remote*>(call.get());
  remote->id = table_.open(remote_ptr(remote));
  remote->sent = true;
  frame_header header;
  header.kind = frame_kind::request;
  header.flags = static_cast<std::uint8_t>(
      frame_flags::named | (call->parent ? frame_flags::nested : 0) | (call->once ? frame_flags::once : 0) |
      (call->reply_spelling == spelling::go ? frame_flags::go_spelling : 0));
  if (call->options) header.flags |= frame_flags::options;
  header.codec = static_cast<std::uint8_t>(call->codec);
  header.deadline_us = to_wire(call->deadline, world().clock.now());
  header.id = remote->id;
  buffer prefix;
  put_prefix(prefix, header.flags, {call->parent.value_or(call_id{}), call->method->name, wishes.bytes(), 0});
  auto const bytes = call->arguments.bytes();
  if (bytes.size() > outbox_copy_bytes)
    session_->out().put(header, prefix.bytes(), bytes, std::shared_ptr<void const>(call.get(), [call](void const*) {}));
  else
    session_->out().put(header, prefix.bytes(), bytes);
}

caller::abandoned remote_caller::abandon(call_record& call) {
  auto& remote = static_cast<call_record_of_remote&>(call);
  if (!remote.sent) return {};
  // The id is dead from here on: a late answer finds nothing.
  auto const keep = table_.close(remote.id);
  if (keep && session_) {
    frame_header header;
    header.kind = frame_kind::cancel;
    header.id = remote.id;
    session_->out().put(header);
  }
  return {progress::unknown, "running", {}};
}

void remote_caller::on_reply(frame& in) {
  auto const call = table_.close(in.header().id);
  if (!call) return;
  call_reply reply;
  reply.codec = static_cast<codec>(in.header().codec);
  reply.bytes = in.bytes();
  reply.source = &in;
  finish(**call, reply);
}

void remote_caller::on_fault(frame& in) {
  auto const call = table_.close(in.header().id);
  if (call) fail(**call, get_fault(in.bytes(), bounds().depth));
}

void remote_caller::detach(std::string const& why) noexcept {
  session_ = nullptr;
  detached_why_ = why;
  for (auto const& call : table_.close_all()) {
    auto what = make_fault(errc::connection_lost, "the connection to the master ended: " + why);
    what.phase = "running";
    fail(*call, std::move(what));
  }
}

void remote_caller::stop() noexcept { stop_calls(); }

}  // namespace dist
