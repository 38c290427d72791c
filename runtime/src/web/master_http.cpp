#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <dist/rpc/detail/traceparent.hpp>
#include <dist/runtime/token.hpp>

#include "http/browser.hpp"
#include "jsonrpc/json_calls.hpp"
#include "master/master_impl.hpp"
#include "process/host_name.hpp"
#include "process/host_of.hpp"

namespace dist {
namespace {

/// As the Allow header lists them.
constexpr std::string_view reads = "GET, HEAD";

bool allows(std::string_view methods, std::string_view method) {
  return method == methods || (methods == reads && (method == "GET" || method == "HEAD"));
}

http_response only(std::string methods) {
  http_response refusal(405, "use " + methods + "\n");
  refusal.headers.set("Allow", std::move(methods));
  return refusal;
}

/// The cost of a connection with its response.
std::size_t held_for(http_response const& answer) {
  constexpr std::size_t connection_bytes = 64 * 1024;
  return connection_bytes + answer.body.size();
}

http_response unauthorized() {
  http_response refusal(401, "the cluster has a secret: send its bearer token (see docs/PROTOCOL.md)\n");
  refusal.headers.set("WWW-Authenticate", "Bearer");
  return refusal;
}

}  // namespace

task<void> master::impl::serve_web(std::unique_ptr<stream> peer, buffer first, share& held) {
  asker const from{peer->peer_address(), peer->local_address(), peer->is_encrypted()};
  http_handler const handler = [this, from, &held](http_request request) {
    return answer_visitor(std::move(request), from, held);
  };
  // A body that is not read must not fill the memory.
  http_gate const gate = [this, from, &held](http_request const& head) -> std::optional<http_response> {
    if (auto refused = refusal(head, from)) return refused;
    if (head.path != "/rpc") return http_response(413, head.path + " takes no body\n");
    let_in_if_proven(head, from, held);
    return {};
  };
  auto upgrade =
      co_await serve_http(*peer, std::move(first), handler, options_.limits, world_.clock, gate, world_.memory);
  if (upgrade && upgrade->request.path == "/events") {
    held.let_in();  // watchers are authorized before, and they are few
    co_return co_await serve_events(*peer);
  }
  if (upgrade) co_await serve_frames(std::move(peer), std::move(*upgrade), held);
}

/// A peer whose request was authorized is no longer a stranger. A registration proves itself later.
void master::impl::let_in_if_proven(http_request const& head, asker const& from, share& held) const {
  if (held.is_let_in() || head.path == options_.register_path) return;
  if (!is_proof_wanted() || right_of_sender(head, from) != right::none) held.let_in();
}

task<http_response> master::impl::answer_visitor(http_request request, asker from, share& held) {
  auto refused = refusal(request, from);
  if (!refused) let_in_if_proven(request, from, held);
  if (!held.is_let_in()) co_await web_requests_.wait(held);
  if (refused) co_return std::move(*refused);
  auto answer = co_await answer_http(std::move(request), from);
  // Until the next one: a peer that does not read makes us keep it.
  held.hold(held_for(answer));
  co_return answer;
}

/// Answers plain HTTP at a port that requires TLS.
task<void> master::impl::say_use_tls(stream& peer) {
  http_response answer(400, "this port requires TLS; use https\n");
  answer.keep_alive = false;
  auto const text = to_text(answer);
  asio::const_buffer const bytes(text.data(), text.size());
  stream_timer patience(world_.clock, peer);
  patience.arm(options_.limits.handshake,
               "the peer did not read its reply " + within_limit("handshake", options_.limits.handshake));
  try {
    co_await peer.write({&bytes, 1});
  } catch (std::system_error const&) {
    patience.rethrow();
  }
}

/// The rights of the sender. Without a secret a required certificate replaces it.
right master::impl::right_of_sender(http_request const& request, asker const& from) const {
  auto const shown = right_of(request, options_.secret);
  if (shown != right::none || !options_.secret.empty()) return shown;
  return from.encrypted && options_.tls->is_mutual() ? right::call : right::none;
}

/// Why a request is rejected, as far as its head tells.
std::optional<http_response> master::impl::refusal(http_request const& head, asker const& from) const {
  if (is_page(head.path)) {
    // The same for every visitor, and without data of this cluster: a link on another page may lead here.
    if (!allows(reads, head.method)) return only(std::string(reads));
    return {};
  }
  auto const here = is_loopback(host_of(from.peer));
  if (head.headers.find("Authorization") && !here && !from.encrypted)
    return http_response(403, "a token is accepted only over loopback or TLS\n");
  auto const may = right_of_sender(head, from);
  std::vector<std::string> const own_names{options_.listen.host, std::string(host_of(from.local)), host_name()};
  // No page can request this upgrade, and its peer authenticates in the handshake: a node may call us by any name.
  auto const joins = head.path == options_.register_path && head.upgrade == "dist/1";
  auto const who = may != right::none || joins ? http_caller::authenticated : http_caller::anonymous;
  if (auto const why = refuse_browser(head, who, own_names)) return http_response(403, *why + "\n");
  auto const* const asked = find_resource(head.path);
  if (!asked)
    return http_response(
        404,
        "not found; available are the page at /, /status, /logs, /metrics, /healthz, POST /rpc, /drain, /cancel\n");
  if (!allows(asked->methods, head.method)) return only(std::string(asked->methods));
  if (asked->least == right::call && may == right::look) return http_response(403, "this token is read-only\n");
  auto const looks_from_here = asked->least == right::look && here && options_.loopback_may_look;
  if (asked->least != right::none && may == right::none && !options_.secret.empty() && !looks_from_here)
    return unauthorized();
  return {};
}

/// All paths but the page's.
auto master::impl::find_resource(std::string_view path) const noexcept -> resource const* {
  using request = http_request const&;
  using from = asker const&;
  static constexpr resource all[] = {
      {"/rpc", "POST", right::call, nullptr},
      {"/drain", "POST", right::call, [](impl& on, request asked, from) { return on.answer_drain(asked); }},
      {"/cancel", "POST", right::call, [](impl& on, request asked, from) { return on.answer_cancel(asked); }},
      {"/status", reads, right::look,
       [](impl& on, request, from) { return http_response(200, on.status_json() + "\n", "application/json"); }},
      {"/metrics", reads, right::look,
       [](impl& on, request, from) {
         return http_response(200, on.metrics(), "text/plain; version=0.0.4; charset=utf-8");
       }},
      {"/logs", reads, right::look, [](impl& on, request asked, from) { return on.answer_logs(asked); }},
      {"/events", "GET", right::look, [](impl& on, request, from) { return on.answer_events(); }},
      {"/healthz", reads, right::none, [](impl&, request, from) { return http_response(200, "ok\n"); }},
  };
  static constexpr resource registration{
      {}, "GET", right::none, [](impl& on, request asked, from who) { return on.answer_register(asked, who.peer); }};
  for (auto const& one : all)
    if (one.path == path) return &one;
  return path == options_.register_path ? &registration : nullptr;
}

task<http_response> master::impl::answer_http(http_request request, asker from) {
  if (is_page(request.path)) co_return answer_page(request.path);
  auto const& asked = *find_resource(request.path);
  if (asked.answer) co_return asked.answer(*this, request, from);
  co_return co_await answer_call(std::move(request));
}

task<http_response> master::impl::answer_call(http_request request) {
  std::string why;
  rpc_call_options options{options_.node_wait, {}, request.headers.find("Dist-Why") ? &why : nullptr};
  if (auto const trace = request.headers.find("traceparent"); trace && is_traceparent(*trace))
    options.traceparent = *trace;
  auto text = co_await answer_rpc(book_, parse_rpc(request.body, options_.limits), std::move(options));
  auto const status = text.empty() ? 204U : 200U;
  http_response answer(status, std::move(text), "application/json");
  if (!why.empty()) answer.headers.set("Dist-Why", std::move(why));
  co_return answer;
}

/// The node takes no new calls, finishes its running ones, and leaves.
http_response master::impl::answer_drain(http_request const& request) {
  std::string const name(request.find_query("node").value_or(""));
  if (!calls_->drain(name)) return http_response(404, "there is no node '" + name + "'; see /status\n");
  world_.log.info("node " + name + " was told to drain");
  return http_response(200, "draining\n");
}

/// A node's output from a position on.
http_response master::impl::answer_logs(http_request const& request) const {
  std::string const name(request.find_query("node").value_or(""));
  auto const text = request.find_query("from").value_or("0");
  std::uint64_t from = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), from);
  if (error != std::errc() || end != text.data() + text.size())
    return http_response(400, "from must be a number: use next from the previous reply\n");
  if (auto const part = logs_.read(name, from))
    return http_response(200,
                         boost::json::serialize(boost::json::object{
                             {"node", name}, {"text", part->lines}, {"next", part->next}}) +
                             "\n",
                         "application/json");
  auto const is_here = std::ranges::any_of(members_, [&](auto const* one) { return one->name == name; });
  return http_response(404,
                       is_here ? "there is no captured output for node " + name + "; start it with --procs or --local\n"
                               : "there is no node '" + name + "' and no captured output under that name\n");
}

/// Its calls end as cancelled, and it gets no new ones.
http_response master::impl::answer_cancel(http_request const& request) {
  auto const text = request.find_query("job").value_or("");
  std::uint32_t number = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  auto const found = error == std::errc() && end == text.data() + text.size() ? jobs_.find(number) : jobs_.end();
  if (found == jobs_.end()) return http_response(404, "there is no job '" + std::string(text) + "'; see /status\n");
  auto& job = *found->second;
  world_.log.info("job " + job.name + " was cancelled");
  job.calls.cancel_all("the job was cancelled at the master");
  return http_response(200, "cancelled\n");
}

http_response master::impl::answer_register(http_request const& request, std::string const& peer) {
  if (request.upgrade == "dist/1") {
    http_response yes(101);
    yes.headers.set("Connection", "Upgrade");
    yes.headers.set("Upgrade", "dist/1");
    yes.content_type.clear();
    return yes;
  }
  if (!request.upgrade.empty()) return http_response(400, "unsupported Upgrade; this master supports dist/1\n");
  return answer_go_registration(request, peer);
}

}  // namespace dist
