#include <algorithm>
#include <charconv>
#include <dist/rpc/sleep.hpp>

#include "call/alarm.hpp"
#include "call/listing.hpp"
#include "master/go_link.hpp"
#include "master/master_impl.hpp"
#include "node/back_off.hpp"
#include "node/join.hpp"
#include "node/master_watchdog.hpp"
#include "process/host_of.hpp"
#include "record/count_text.hpp"

namespace dist {
namespace {

/// How long a Go node is looked for that was lost.
constexpr auto go_patience = std::chrono::minutes(10);
/// How often one is dialled that has never answered.
constexpr unsigned first_dials = 5;
/// The time between two dials, however often it registers; and how long it is remembered.
constexpr auto between_dials = std::chrono::seconds(1);
constexpr auto remembered = std::chrono::minutes(1);
/// Most nodes that are dialled: at one address, and in total.
constexpr std::size_t sought_at_one_address = 64;
constexpr std::size_t sought_in_all = 256;

}  // namespace

/// Why no Go node may join from there.
std::optional<http_response> master::impl::refuse_go_node(address const& at) const {
  if (std::ranges::any_of(go_ranges_, [&](auto const& range) { return range.contains(at.host); })) return {};
  if (!options_.secret.empty())
    return http_response(403,
                         "a node that registers without Upgrade: dist/1 cannot prove that it has the cluster's secret; "
                         "to admit it, start the master with --go-nodes " +
                             at.host + "\n");
  if (options_.tls)
    return http_response(403,
                         "a node that registers without Upgrade: dist/1 is called back without TLS, and this master "
                         "requires TLS; to admit it, start the master with --go-nodes " +
                             at.host + "\n");
  if (is_loopback(at.host)) return {};
  return http_response(403,
                       "a node without a secret may join only from this machine; to allow a network, start the master "
                       "with --go-nodes\n");
}

/// Connects back to the peer's own address, whatever its query says.
http_response master::impl::answer_go_registration(http_request const& request, std::string const& peer) {
  auto const port = request.find_query("port");
  std::string const host(host_of(peer));
  auto const at = parse_address((host.find(':') == host.npos ? host : '[' + host + ']') + ':' + std::string(port.value_or("")));
  if (!port || port->empty() || !at || at->port == 0)
    return http_response(400, "missing or invalid port; register with ?port=P, the port that the node listens on\n");
  if (auto refused = refuse_go_node(*at)) {
    warn_of_strangers("Go registration", "a Go node at " + to_text(*at) +
                                             " was rejected: " + refused->body.substr(0, refused->body.size() - 1));
    return std::move(*refused);
  }
  auto slots = options_.go_slots;
  if (auto const given = request.find_query("slots")) {
    auto const [end, error] = std::from_chars(given->data(), given->data() + given->size(), slots);
    if (error != std::errc() || end != given->data() + given->size() || slots == 0)
      return http_response(400, "slots must be a number of at least 1: how many calls the node runs at once\n");
  }
  auto const name = to_text(*at);
  if (!go_nodes_.contains(name)) {
    if (go_nodes_.size() >= options_.limits.connection_count)
      return http_response(503, "the limit (connection_count) of Go nodes is reached\n");
    std::size_t sought = 0;
    std::size_t sought_there = 0;
    for (auto const& [key, one] : go_nodes_) {
      if (one->is_here) continue;
      ++sought;
      if (one->host == at->host) ++sought_there;
    }
    if (sought >= sought_in_all || sought_there >= sought_at_one_address)
      return http_response(503, "too many registered Go nodes do not answer: " + std::to_string(sought_there) +
                                    " at this address, " + std::to_string(sought) + " in total; try again later\n");
  }
  auto& known = go_nodes_[name];
  auto const is_new = !known;
  if (is_new) known = std::make_shared<go_registration>();
  known->host = at->host;
  known->slots = slots;
  known->seen = world_.clock.now();
  if (is_new)
    go_tasks_.spawn(serve_go_node(*at, known));
  else
    known->again.set();
  return http_response(201, "registered\n");
}

/// A Go node, which registers only once: dialled again whenever it was lost.
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
      warn_of_strangers("Go node", with_address("cannot reach the Go node", name, problem) + "; trying again");
    if (asked->was_here) {
      if (world_.clock.now() - asked->seen >= go_patience) break;
      {
        alarm const next(world_.clock, pause_before_retry(failures++, world_.entropy), asked->again);
        co_await asked->again.wait();
      }
      // However often it registers.
      co_await sleep_for(world_.clock, between_dials / 10);
      continue;
    }
    if (++failures < first_dials) {
      co_await sleep_for(world_.clock, between_dials);
      continue;
    }
    warn_of_strangers("Go node never there", "Go node " + name + " never answered; giving up until it registers again");
    failures = 0;
    asked->again.reset();
    auto const registered = asked->seen;
    {
      // It keeps its place for a while, so that others of its address are not dialled instead.
      alarm const over(world_.clock, remembered, asked->again);
      co_await asked->again.wait();
    }
    if (asked->seen == registered) co_return;
    co_await sleep_for(world_.clock, between_dials);
  }
  if (!stopped_) world_.log.info("Go node " + name + " did not come back; giving up until it registers again");
}

/// Until the connection ends. Throws when it was never alive.
task<void> master::impl::stay_with_go_node(std::unique_ptr<stream> peer, std::string name,
                                           std::shared_ptr<go_registration> asked) {
  peer->tolerate_silence(system_patience(options_.heartbeat, options_.lost_after));
  go_link node(std::move(peer), calls_, options_.heartbeat);
  listing const known(members_, node);
  bool in = false;
  std::function<void()> on_alive = [&] {
    node_info info;
    info.name = info.address = name;
    info.kind = node_kind::go;
    info.name_is_default = true;
    info.slots = asked->slots;
    auto const joined = calls_->join(node, std::move(info));
    if (!joined) return node.close("rejected: " + joined.error().message);
    in = asked->is_here = asked->was_here = true;
    world_.log.info("Go node " + name + " joined (" + slots_text(asked->slots) + "), " +
                    nodes_text(calls_->nodes().counts().nodes));
    calls_->ready(*joined);
  };
  struct departure_of {
    go_registration& one;
    ~departure_of() { one.is_here = false; }
  } const at_end{*asked};
  auto const why = co_await node.run(std::move(on_alive));
  calls_->leave(node, stopped_ ? departure::left : departure::died, why);
  if (in) world_.log.info("Go node " + name + " left: " + why);
  if (!in) throw std::system_error(errc::connection_lost, why);
}

}  // namespace dist
