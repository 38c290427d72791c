#include <algorithm>
#include <dist/rpc/hello.hpp>
#include <dist/rpc/protocol_breach.hpp>

#include "alarm.hpp"
#include "back_off.hpp"
#include "dist_member.hpp"
#include "go_member.hpp"
#include "join.hpp"
#include "json_calls.hpp"
#include "listing.hpp"
#include "master_impl.hpp"
#include "served_calls.hpp"

namespace dist {
namespace {

node_info info_of(hello const& who, std::string address) {
  node_info info;
  info.name = who.name;
  info.address = std::move(address);
  info.name_is_default = who.name_is_default;
  info.slots = who.slots;
  info.incarnation = who.incarnation;
  info.labels = who.labels;
  info.build = who.build;
  for (auto const& m : who.methods) info.methods.push_back({m.name, m.arguments, m.result, m.repeatable, m.brief});
  return info;
}

/// Takes out the methods whose types are not those of this program: they are refused on that node only.
void drop_incompatible(node_info& info, std::span<method_description const> ours, log const& to) {
  std::erase_if(info.methods, [&](method_offer const& offer) {
    auto const own = std::ranges::find(ours, offer.name, &method_description::name);
    if (own == ours.end()) return false;
    auto problem = type_mismatch(offer.arguments, own->arguments);
    if (problem.empty()) problem = type_mismatch(own->result, offer.result);
    if (problem.empty()) return false;
    to.warn("node " + info.name + " gets no calls of " + offer.name + ": it has " + offer.arguments + " -> " +
            offer.result + ", this program " + own->arguments + " -> " + own->result + " (" + problem + ")");
    return true;
  });
}

/// How long a Go node is looked for that was lost.
constexpr auto go_patience = std::chrono::minutes(10);

std::string slots_text(std::uint32_t slots) { return std::to_string(slots) + (slots == 1 ? " slot" : " slots"); }

std::string nodes_text(std::size_t nodes) { return std::to_string(nodes) + (nodes == 1 ? " node" : " nodes"); }

}  // namespace

welcome master::impl::welcome_for(std::string name) const {
  welcome answer;
  answer.name = std::move(name);
  auto const ms = [](duration d) {
    return static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::milliseconds>(d).count());
  };
  answer.heartbeat_ms = ms(options_.heartbeat);
  answer.lost_after_ms = ms(options_.lost_after);
  return answer;
}

task<void> master::impl::serve_frames(std::unique_ptr<stream> peer, http_upgrade upgrade) {
  auto const address = peer->peer_address();
  auto session = std::make_unique<connection>(std::move(peer), world_, options_.limits);
  session->feed(upgrade.rest.bytes());
  nonce own;
  world_.entropy.fill(own);
  hello who;
  std::optional<fault> refusal;
  {
    stream_timer patience(world_.clock, session->over());
    patience.arm(options_.limits.handshake, "no hello " + within_limit("handshake", options_.limits.handshake));
    try {
      who = co_await receive_hello(*session, options_.secret, own);
    } catch (call_error const& e) {
      refusal = e.fault();
    } catch (protocol_breach const& e) {
      refusal = make_fault(e.kind(), e.why());
    } catch (std::system_error const&) {
      patience.rethrow();
    }
    if (refusal) {
      world_.log.warn("a peer at " + address + " is refused: " + refusal->message);
      put_refusal(*session, *refusal);
      co_await session->part();
      co_return;
    }
  }
  if (who.role == role::node)
    co_await serve_node(std::move(session), std::move(who), own);
  else
    co_await serve_caller(std::move(session), std::move(who), own);
}

task<void> master::impl::serve_node(std::unique_ptr<connection> session, hello who, nonce own) {
  auto info = info_of(who, session->over().peer_address());
  drop_incompatible(info, methods_, world_.log);
  if (who.predecessor && who.predecessor->incarnation != 0) calls_->process_ended(*who.predecessor);
  dist_member node(std::move(session), calls_, who, logs_);
  auto const in = calls_->join(node, std::move(info));
  if (!in) {
    world_.log.warn("node " + who.name + " is refused: " + in.error().message);
    put_refusal(node.session(), in.error());
    co_await node.session().part();
    co_return;
  }
  node.let_in();
  if (node.is_supervised) logs_.add(node.name, {});
  // The first frame that the node reads; the calls that wait for it come behind.
  put_welcome(node.session(), welcome_for(node.name), who, options_.secret, own);
  listing const known(members_, node);
  calls_->ready(*in);
  // A master without methods of its own serves every program's nodes.
  if (!methods_.empty() && !options_.build.empty() && !who.build.empty() && who.build != options_.build)
    world_.log.warn("node " + node.name + " runs another build of this program");
  world_.log.info("node " + node.name + " joined (" + slots_text(who.slots) + "), " +
                  nodes_text(calls_->nodes().counts().nodes));
  auto const why = co_await node.run();
  calls_->leave(node, node.said_goodbye() || stopped_ ? dispatcher::departure::left : dispatcher::departure::died, why);
  auto const line = "node " + node.name + " left: " + why;
  if (node.broke_protocol())
    world_.log.warn(line);
  else
    world_.log.info(line);
}

task<void> master::impl::serve_caller(std::unique_ptr<connection> session, hello who, nonce own) {
  put_welcome(*session, welcome_for(who.name), who, options_.secret, own);
  co_await session->flush();
  session->pause_when_full();
  world_.log.info("job " + who.name + " connected from " + session->over().peer_address());
  auto const number = calls_->new_origin();
  served_calls calls(*session, calls_, number);
  connected_job here{who.name, session->over().peer_address(), world_.clock.now(), calls};
  jobs_.emplace(number, &here);
  struct removal {
    std::map<std::uint32_t, connected_job*>& from;
    std::uint32_t what;
    ~removal() { from.erase(what); }
  } const at_end{jobs_, number};
  auto& frames = *session;
  co_await session->run([&](frame& in) {
    switch (in.header().kind) {
      case frame_kind::request:
        return calls.on_request(in);
      case frame_kind::cancel:
        return calls.on_cancel(in.header().id);
      case frame_kind::beat:
        frames.out().put(in.header());
        return;
      case frame_kind::goodbye:
        return frames.close();
      case frame_kind::reply:
      case frame_kind::fault:
      case frame_kind::drain:
        return;  // nothing was asked of it, and nothing runs there
      case frame_kind::challenge:
      case frame_kind::hello:
      case frame_kind::welcome:
        throw protocol_breach("a handshake frame after the handshake");
    }
  });
}

/// Calls of anybody who can connect: without a secret, since JSON-RPC over TCP has no place for one.
task<void> master::impl::serve_json(std::unique_ptr<stream> peer, buffer first) {
  json_session session(std::move(peer), world_, options_.limits);
  session.feed(first.bytes());
  if (options_.secret.empty()) {
    json_calls calls(session, calls_, options_.node_wait);
    json_session::handler on_request = [&calls](call_id id, rpc_request const& request) {
      calls.on_request(id, request);
    };
    co_await session.run(std::move(on_request));
    co_return;
  }
  world_.log.warn("JSON-RPC over TCP from " + session.over().peer_address() + " is refused: the cluster has a secret");
  stream_timer patience(world_.clock, session.over());
  patience.arm(options_.limits.handshake, "no request " + within_limit("handshake", options_.limits.handshake));
  json_session::handler refuse = [&session](call_id id, rpc_request const&) {
    session.refuse(id, make_fault(errc::denied, "the cluster has a secret: use POST /rpc with its bearer token"));
    session.finish();
  };
  try {
    co_await session.run(std::move(refuse));
  } catch (std::system_error const&) {
    patience.rethrow();
  }
}

/// A Go node, which registers only once: looked for again whenever it was lost.
task<void> master::impl::serve_go_node(address at, std::shared_ptr<go_registration> asked) {
  auto const name = to_text(at);
  struct removal {
    std::unordered_map<std::string, std::shared_ptr<go_registration>>& from;
    std::string const& what;
    ~removal() { from.erase(what); }
  } const at_end{go_nodes_, name};
  unsigned failures = 0;
  while (!stopped_) {
    std::string problem;
    try {
      auto peer = co_await connect_within(world_, at, options_.limits.handshake);
      co_await stay_with_go_node(std::move(peer), name, asked);
      failures = 0;
      asked->seen = world_.clock.now();
    } catch (std::exception const& e) {
      problem = e.what();
    }
    if (!problem.empty() && failures == 0 && !stopped_)
      world_.log.warn("Go node " + name + " is not there: " + problem + "; trying again");
    if (world_.clock.now() - asked->seen >= go_patience) break;
    alarm const next(world_.clock, pause_before_retry(failures++, world_.entropy), asked->again);
    co_await asked->again.wait();
  }
  if (!stopped_) world_.log.info("Go node " + name + " did not come back: given up until it registers again");
}

/// Until the connection ends. Throws when it was never alive.
task<void> master::impl::stay_with_go_node(std::unique_ptr<stream> peer, std::string name,
                                           std::shared_ptr<go_registration> asked) {
  go_member node(std::move(peer), calls_, options_.heartbeat);
  listing const known(members_, node);
  bool in = false;
  std::function<void()> on_alive = [&] {
    node_info info;
    info.name = info.address = name;
    info.kind = node_kind::go;
    info.name_is_default = true;
    info.slots = asked->slots;
    auto const joined = calls_->join(node, std::move(info));
    if (!joined) return node.close("refused: " + joined.error().message);
    in = true;
    world_.log.info("Go node " + name + " joined (" + slots_text(asked->slots) + "), " +
                    nodes_text(calls_->nodes().counts().nodes));
    calls_->ready(*joined);
  };
  auto const why = co_await node.run(std::move(on_alive));
  calls_->leave(node, stopped_ ? dispatcher::departure::left : dispatcher::departure::died, why);
  if (in) world_.log.info("Go node " + name + " left: " + why);
  if (!in) throw std::system_error(errc::connection_lost, why);
}

}  // namespace dist
