#include "jsonrpc/json_service.hpp"

#include <utility>

namespace dist {

json_service::json_service(std::unique_ptr<stream> peer, seams const& world, limits const& bounds,
                           service_table& services, std::string node_name)
    : session_(std::move(peer), world, bounds),
      world_(world),
      limits_(bounds),
      services_(services),
      name_(std::move(node_name)),
      done_(std::make_shared<mailbox>(world.io)) {}

json_service::~json_service() { leave_methods(); }

task<void> json_service::run() {
  json_session::handler handle = [this](call_id id, rpc_request const& request) { on_request(id, request); };
  std::exception_ptr failed;
  try {
    // A Go master never ends one direction alone.
    co_await session_.run(std::move(handle), peer_end::has_gone);
  } catch (...) {
    failed = std::current_exception();
  }
  leave_methods();
  if (failed) std::rethrow_exception(failed);
}

void json_service::leave_methods() noexcept {
  done_->close();
  for (auto const& [id, scope] : std::exchange(running_, {})) scope->cancel();
}

void json_service::on_request(call_id id, rpc_request const& request) {
  auto const method = services_.find(request.method);
  if (!method)
    return session_.refuse(id, make_fault(errc::unknown_method, "this node has no method " + request.method));
  auto const& about = services_.methods()[*method];
  invocation what;
  what.codec = codec::json;
  what.spelling = request.version == rpc_version::v1 ? spelling::go : spelling::declared;
  what.depth_limit = limits_.depth;
  what.result_limit = limits_.message_bytes;
  what.storage = buffer(request.params_text.empty() ? std::string_view("[]") : request.params_text);
  what.arguments = what.storage.bytes();
  what.scope = std::make_shared<call_scope>(about.name, name_, deadline::never());
  if (about.brief && services_.try_run_here(*method, what, brief_outcome_)) {
    answer(id, brief_outcome_);
    brief_outcome_.payload.clear();
    brief_outcome_.error.reset();
    return;
  }
  running_.emplace(key(id), what.scope);
  // A method that reports after this is destroyed finds the mailbox closed.
  services_.start(*method, std::move(what), world_.compute, [this, mail = done_, id](outcome ended) {
    mail->post([this, id, ended = std::move(ended)] { on_done(id, ended); });
  });
}

void json_service::on_done(call_id id, outcome const& ended) {
  running_.erase(key(id));
  answer(id, ended);
}

void json_service::answer(call_id id, outcome const& ended) {
  if (ended.error)
    session_.refuse(id, *ended.error);
  else
    session_.answer(id, ended.payload.text());
}

}  // namespace dist
