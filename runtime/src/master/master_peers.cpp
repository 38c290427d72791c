#include <algorithm>
#include <dist/rpc/sleep.hpp>

#include "base/duration_text.hpp"
#include "call/listing.hpp"
#include "jsonrpc/json_calls.hpp"
#include "jsonrpc/jsonrpc.hpp"
#include "master/dist_link.hpp"
#include "master/master_impl.hpp"
#include "master/served_calls.hpp"
#include "node/master_watchdog.hpp"
#include "record/count_text.hpp"
#include "values/json_splitter.hpp"
#include "wire/hello.hpp"
#include "wire/protocol_breach.hpp"

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
  info.methods = who.methods;
  return info;
}

/// Takes out the methods whose types are not those of this program: they are refused on that node only.
void drop_incompatible(node_info& info, std::span<method_description const> ours, log const& to) {
  std::erase_if(info.methods, [&](method_entry const& offer) {
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

/// A connection in its handshake, without the bytes of the hello.
constexpr std::size_t handshake_bytes = 32 * 1024;

/// For how long, and how many bytes, a rejected peer may keep sending: closing while more arrives would reset the
/// connection, and the answer could be lost.
constexpr std::chrono::seconds linger_time{2};
constexpr std::size_t json_linger_bytes = 1 << 20;

/// Reads until the peer is gone or its time is over. Await it in the expression that calls.
task<void> linger(stream& over, stream_timer& patience, std::size_t most_bytes) {
  patience.arm(linger_time, "it kept sending after it was rejected");
  std::byte dropped[16 * 1024];
  try {
    for (std::size_t count = 0; count < most_bytes;) count += co_await over.read_some(asio::buffer(dropped));
  } catch (std::system_error const& e) {
    if (e.code() == asio::error::operation_aborted && !patience.fired()) throw;
  }
}

/// Answers the requests that are whole in the first bytes, or an unknown one.
std::string json_refusal(buffer const& first, limits const& bounds) {
  auto const why = make_fault(errc::denied, "the cluster has a secret: use POST /rpc with its bearer token");
  std::vector<std::string> answers;
  json_splitter splitter(bounds);
  splitter.push(first.bytes());
  rpc_message asked;
  if (splitter.state() == parse_state::done) asked = parse_rpc(splitter.take_message(), bounds);
  for (auto const& item : asked.items)
    if (auto const* request = std::get_if<rpc_request>(&item)) answers.push_back(write_error(*request, why));
  if (answers.empty()) {
    rpc_request unknown;
    unknown.id_text = "null";
    answers.push_back(write_error(unknown, why));
  }
  return (asked.batch ? write_batch(answers) : answers.front()) + '\n';
}

}  // namespace

welcome master::impl::welcome_for(std::string name) const {
  welcome answer;
  answer.name = std::move(name);
  auto const ms = [](duration d) {
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(to_ms(d), 0, UINT32_MAX));
  };
  answer.heartbeat_ms = ms(options_.heartbeat);
  answer.lost_after_ms = ms(options_.lost_after);
  return answer;
}

task<void> master::impl::serve_frames(std::unique_ptr<stream> peer, http_upgrade upgrade, share& held) {
  auto const address = peer->peer_address();
  connection::bytes_held const on_growth = [&held](std::size_t bytes) { held.hold(handshake_bytes + bytes); };
  auto session = std::make_unique<connection>(std::move(peer), world_, options_.limits);
  session->feed(upgrade.rest.bytes());
  auto const own = make_nonce(world_.entropy);
  hello who;
  std::optional<fault> refusal;
  {
    stream_timer patience(world_.clock, session->over());
    patience.arm(options_.limits.handshake, "no hello " + within_limit("handshake", options_.limits.handshake));
    try {
      who = co_await receive_hello(*session, options_.secret, own, on_growth);
    } catch (call_error const& e) {
      refusal = e.fault();
    } catch (protocol_breach const& e) {
      refusal = make_fault(e.kind(), e.why());
    } catch (std::system_error const&) {
      patience.rethrow();
    }
    if (refusal) {
      warn_of_strangers(to_text(refusal->code), "a peer at " + address + " was rejected: " + refusal->message);
      put_refusal(*session, *refusal);
      co_await session->part();
      co_return;
    }
  }
  held.let_in();
  session->tolerate_silence(system_patience(options_.heartbeat, options_.lost_after));
  if (who.role == role::node)
    co_await serve_node(std::move(session), std::move(who), own);
  else
    co_await serve_caller(std::move(session), std::move(who), own);
}

/// The node of this name; empty if none.
std::optional<node_view> master::impl::holder_of(std::string const& name) const {
  for (auto const& node : calls_->nodes().nodes())
    if (node.info->name == name) return node;
  return std::nullopt;
}

/// A node whose name may still be in use.
struct master::impl::waiting_join {
  std::uint64_t incarnation;
  bool superseded = false;  ///< its process has given up this connection and asks over another
};

/// The holder of the name may be about to leave, or be silent and not yet suspect, like a machine that was switched off
/// a moment ago: then the newcomer is told to retry. It is rejected for good once the holder has been heard.
task<result<joined>> master::impl::join_when_free(node_link& node, node_info info) {
  auto const asked = world_.clock.now();
  auto const limit = asked + std::min<duration>(4 * options_.heartbeat, options_.limits.handshake / 2);
  auto const step = std::clamp<duration>(options_.heartbeat / 4, std::chrono::milliseconds(10), std::chrono::seconds(1));
  // An older connection must not join after this one and end its session.
  for (auto* const older : waiting_joins_)
    if (info.incarnation != 0 && older->incarnation == info.incarnation) older->superseded = true;
  waiting_join self{info.incarnation};
  listing const known(waiting_joins_, self);
  for (;;) {
    auto in = calls_->join(node, info);
    if (in || in.error().code != errc::denied) co_return in;
    auto const holder = holder_of(info.name);
    if (!holder || (holder->state != node_state::draining && holder->last_heard > asked)) co_return in;
    auto const busy = "the name " + info.name + " is still in use: its node ";
    if (holder->state == node_state::draining)
      co_return make_fault(errc::overloaded, busy + "is draining; try again when it has left");
    if (world_.clock.now() >= limit)
      co_return make_fault(errc::overloaded, busy + "is silent; try again when it is lost or responds again");
    co_await sleep_for(world_.clock, step);
    if (self.superseded) co_return make_fault(errc::overloaded, "its process has connected again");
  }
}

task<void> master::impl::serve_node(std::unique_ptr<connection> session, hello who, nonce own) {
  auto info = info_of(who, session->over().peer_address());
  drop_incompatible(info, methods_, world_.log);
  if (who.predecessor && who.predecessor->incarnation != 0) {
    calls_->process_ended(*who.predecessor);
    // In its own cluster the parent has already logged it on the same terminal.
    if (!calls_->directory().waiters().own().has_any())
      world_.log.warn("node " + who.name + ": its previous process ended: " + who.predecessor->end +
                      (who.predecessor->running.empty() ? "" : " while running " + who.predecessor->running));
  }
  dist_link node(std::move(session), calls_, who, logs_);
  auto joining = join_when_free(node, std::move(info));
  auto const in = co_await std::move(joining);
  if (!in) {
    world_.log.warn("node " + who.name + " was rejected: " + in.error().message);
    put_refusal(node.session(), in.error());
    co_await node.session().part();
    co_return;
  }
  node.let_in();
  if (node.is_supervised) logs_.add(node.name, {});
  // The first frame that the node reads; the calls that wait for it follow.
  put_welcome(node.session(), welcome_for(node.name), who, options_.secret, own);
  listing const known(members_, node);
  calls_->ready(*in);
  // A master without methods of its own serves every program's nodes.
  if (!methods_.empty() && !options_.build.empty() && !who.build.empty() && who.build != options_.build)
    world_.log.warn("node " + node.name + " runs another build of this program");
  world_.log.info("node " + node.name + " joined (" + slots_text(who.slots) + "), " +
                  nodes_text(calls_->nodes().counts().nodes));
  auto const why = co_await node.run();
  calls_->leave(node, node.said_goodbye() || stopped_ ? departure::left : departure::died, why);
  auto const line = "node " + node.name + " left: " + why;
  if (node.broke_protocol())
    warn_of_strangers("breach of a node", line);
  else
    world_.log.info(line);
}

task<void> master::impl::serve_caller(std::unique_ptr<connection> session, hello who, nonce own) {
  put_welcome(*session, welcome_for(who.name), who, options_.secret, own);
  co_await session->flush();
  session->pause_when_full();
  // Only the system judges a job's silence. A stopped job gets its replies when it continues: the system treats a peer
  // that reads nothing like one that is gone, and must not act first.
  session->tolerate_silence(2 * system_patience(options_.heartbeat, options_.lost_after));
  world_.log.info("job " + who.name + " connected from " + session->over().peer_address());
  auto const number = ++last_origin_;
  served_calls calls(*session, book_, calls_->directory(), number);
  connected_job here{who.name, session->over().peer_address(), world_.clock.now(), calls, *session};
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

/// Calls of any peer: without a secret, since JSON-RPC over TCP has no place for one.
task<void> master::impl::serve_json(std::unique_ptr<stream> peer, buffer first, share& held) {
  if (!options_.secret.empty()) co_return co_await refuse_json(*peer, std::move(first));
  held.let_in();
  peer->tolerate_silence(system_patience(options_.heartbeat, options_.lost_after));
  json_session session(std::move(peer), world_, options_.limits);
  session.feed(first.bytes());
  json_calls calls(session, book_, options_.node_wait);
  json_session::handler on_request = [&calls](call_id id, rpc_request const& request) { calls.on_request(id, request); };
  co_await session.run(std::move(on_request));
}

/// At once: the first bytes are answered by their id, and nothing more is interpreted.
task<void> master::impl::refuse_json(stream& peer, buffer first) {
  warn_of_strangers("JSON-RPC",
                    "JSON-RPC over TCP from " + peer.peer_address() + " was rejected: the cluster has a secret");
  auto const text = json_refusal(first, options_.limits);
  asio::const_buffer const bytes(text.data(), text.size());
  stream_timer patience(world_.clock, peer);
  patience.arm(options_.limits.handshake,
               "the peer did not read its reply " + within_limit("handshake", options_.limits.handshake));
  try {
    co_await peer.write({&bytes, 1});
  } catch (std::system_error const&) {
    patience.rethrow();
  }
  co_await linger(peer, patience, json_linger_bytes);
}

}  // namespace dist
