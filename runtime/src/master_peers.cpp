#include <algorithm>
#include <dist/rpc/hello.hpp>

#include "dist_member.hpp"
#include "master_impl.hpp"
#include "served_calls.hpp"

namespace dist {
namespace {

/// While it lives the master knows the member, and closes it when it stops.
class listing {
 public:
  listing(std::vector<member*>& in, member& what) : in_(in), what_(what) { in_.push_back(&what); }
  ~listing() { std::erase(in_, &what_); }

 private:
  std::vector<member*>& in_;
  member& what_;
};

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
    patience.arm(options_.limits.handshake, "no hello");
    try {
      who = co_await receive_hello(*session, options_.secret, own);
    } catch (call_error const& e) {
      refusal = e.fault();
    }
    if (refusal) {
      world_.log.warn("a peer at " + address + " is refused: " + refusal->message);
      put_refusal(*session, *refusal);
      co_await session->flush();
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
  dist_member node(std::move(session), calls_, who);
  auto const in = calls_->join(node, std::move(info));
  if (!in) {
    world_.log.warn("node " + who.name + " is refused: " + in.error().message);
    put_refusal(node.session(), in.error());
    co_await node.session().flush();
    co_return;
  }
  // The first frame that the node reads; the calls that wait for it come behind.
  put_welcome(node.session(), welcome_for(node.name), who, options_.secret, own);
  calls_->slot_freed();
  listing const known(members_, node);
  if (!options_.build.empty() && !who.build.empty() && who.build != options_.build)
    world_.log.warn("node " + node.name + " runs another build of this program");
  auto const counts = calls_->nodes().counts();
  world_.log.info("node " + node.name + " joined (" + std::to_string(who.slots) +
                  (who.slots == 1 ? " slot), " : " slots), ") + std::to_string(counts.nodes) +
                  (counts.nodes == 1 ? " node" : " nodes"));
  auto const why = co_await node.run();
  calls_->leave(node, node.said_goodbye() || stopped_ ? dispatcher::departure::left : dispatcher::departure::died, why);
  world_.log.info("node " + node.name + " left: " + why);
}

task<void> master::impl::serve_caller(std::unique_ptr<connection> session, hello who, nonce own) {
  put_welcome(*session, welcome_for(who.name), who, options_.secret, own);
  co_await session->flush();
  world_.log.info("job " + who.name + " connected from " + session->over().peer_address());
  served_calls calls(*session, calls_);
  auto& frames = *session;
  co_await session->run([&](frame& in) {
    switch (in.header().kind) {
      case frame_kind::request: return calls.on_request(in);
      case frame_kind::cancel: return calls.on_cancel(in.header().id);
      case frame_kind::beat: frames.out().put(in.header()); return;
      case frame_kind::goodbye: return frames.close();
      default: throw std::system_error(errc::protocol_error, "a frame that a caller does not send");
    }
  });
}

}  // namespace dist
