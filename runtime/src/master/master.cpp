#include <dist/runtime/master.hpp>

#include <algorithm>
#include <asio/post.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <dist/rpc/sleep.hpp>

#include "base/duration_text.hpp"
#include "io/tls_stream.hpp"
#include "journal/run_journal.hpp"
#include "master/master_impl.hpp"
#include "process/host_name.hpp"
#include "process/host_of.hpp"
#include "wire/dialect.hpp"
#include "wire/protocol_breach.hpp"
#include "record/why_text.hpp"

namespace dist {
namespace {

registry_settings settings_of(master_options const& options) {
  registry_settings settings;
  settings.liveness.heartbeat = options.heartbeat;
  settings.liveness.lost_after = options.lost_after;
  return settings;
}

/// The least that a connection costs before its peer is authenticated: buffers and coroutines, and the state of TLS.
constexpr std::size_t visit_bytes = 32 * 1024;
constexpr std::size_t tls_visit_bytes = 96 * 1024;

/// A master must not be open to the network by accident.
void refuse_unsafe(master_options const& options) {
  auto const proven = !options.secret.empty() || (options.tls && options.tls->is_mutual());
  if (is_loopback(options.listen.host) || proven || options.insecure) return;
  throw call_error(make_fault(
      errc::denied, "listening on " + to_text(options.listen) +
                        " would let anyone who can reach this machine run calls on it; give a join secret with "
                        "--secret-file FILE (the nodes need the same), or mutual TLS with --tls-cert, "
                        "--tls-key and --tls-ca, or allow it with --insecure"));
}

/// A problem with a peer. Its address is named once: those of the handshake name it already.
std::string problem_of(std::string const& address, std::system_error const& e) {
  auto const* const fault = dynamic_cast<call_error const*>(&e);
  std::string const message = fault ? fault->fault().message : e.what();
  return message.find(address) == std::string::npos ? address + ": " + e.what() : message;
}

/// Of the peers that reach this machine.
std::string those_let_in(master_options const& options) {
  std::string text;
  if (!options.secret.empty()) text = "peers with the secret";
  if (options.tls && options.tls->is_mutual())
    text += (text.empty() ? "peers with " : " and ") + std::string("a certificate of the authority (--tls-ca)");
  return text.empty() ? "everyone (--insecure)" : text;
}

}  // namespace

master::impl::impl(seams const& world, master_options options)
    : options_(std::move(options)),
      memory_(options_.limits),
      world_(with_memory(world, memory_)),
      methods_(options_.services.methods()),
      book_(std::make_shared<call_book>(world_, options_.limits)),
      calls_(make_route<dispatcher>(book_, settings_of(options_), methods_)),
      core_(std::make_shared<cluster_core>(book_, calls_->directory())),
      tasks_(world.io.get_executor()),
      go_tasks_(world.io.get_executor()),
      unproven_(options_.limits.unproven_bytes) {
  refuse_unsafe(options_);
  for (auto const& network : options_.go_nodes) go_ranges_.push_back(address_range::parse(network).value());
  listener_ = world_.network.listen(options_.listen);
  if (!options_.trace_file.empty())
    calls_->draw_on(std::make_unique<trace>(world_, options_.trace_file, "waiting for a node"));
  if (!options_.failure_file.empty())
    calls_->record().write_failures(std::make_unique<failure_file>(options_.failure_file, world_.log));
  if (!options_.journal_file.empty())
    core_->keep_results(std::make_shared<run_journal>(options_.journal_file, world_.log));
}

task<void> master::impl::run() {
  auto const at = to_text(local_address());
  if (is_loopback(options_.listen.host))
    world_.log.info("listening on " + at + ", this machine only; for others use --master 0.0.0.0:" +
                    std::to_string(local_address().port) + " with --secret-file FILE");
  else
    world_.log.info("listening on " + at + ", open to " + those_let_in(options_));
  tasks_.spawn(accept_loop());
  tasks_.spawn(beat_loop());
  tasks_.spawn(handshake_loop());
  tasks_.spawn(web_loop());
  std::exception_ptr failed;
  try {
    co_await tasks_.join();
  } catch (...) {
    failed = std::current_exception();
  }
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  stop();
  co_await tasks_.join();
  co_await go_tasks_.join();
  log_folded_lines();
  if (failed) std::rethrow_exception(failed);
}

void master::impl::stop() noexcept {
  if (std::exchange(stopped_, true)) return;
  calls_->stop();
  listener_->close();
  for (auto* node : members_) node->close("the master stopped");
  // After the faults that return their calls.
  for (auto const& [number, job] : jobs_) {
    frame_header goodbye;
    goodbye.kind = frame_kind::goodbye;
    job->session.out().put(goodbye, as_bytes("the master stopped"));
  }
  tasks_.stop();
  go_tasks_.stop();
}

task<void> master::impl::accept_loop() {
  for (auto full = false;;) {
    auto peer = co_await listener_->accept();
    if (tasks_.size() >= options_.limits.connection_count + own_loops) {
      // Once for a crowd, not once for each of it.
      if (!std::exchange(full, true))
        world_.log.warn("connections are being rejected, the first from " + peer->peer_address() +
                        ": the limit (connection_count) of " + std::to_string(options_.limits.connection_count) +
                        " is reached");
      continue;
    }
    full = false;
    tasks_.spawn(serve(std::move(peer)));
  }
}

task<void> master::impl::beat_loop() {
  auto last_said = world_.clock.now();
  auto alone_since = last_said;
  for (;;) {
    co_await sleep_for(world_.clock, options_.heartbeat);
    calls_->beat();
    auto const now = world_.clock.now();
    feed_.sample(now);
    log_folded_lines();
    auto const alone = calls_->nodes().counts().nodes == 0;
    if (!alone) alone_since = now;
    if (now - last_said < std::chrono::seconds(10)) continue;
    last_said = now;
    auto const without_node = joined_text(calls_->nodes().why_without_node());
    auto const why = without_node.empty() ? joined_text(calls_->nodes().why_waiting()) : without_node;
    if (why.empty()) continue;
    auto text = "waiting: " + why;
    if (alone) {
      text += " in " + whole_seconds_text(now - alone_since);
      if (!calls_->directory().waiters().own().has_any()) text += "; " + join_hint();
    }
    // Busy nodes are normal; calls that no node can take need attention.
    without_node.empty() ? world_.log.info(text) : world_.log.warn(text);
  }
}

/// The command that starts a node, and where to run it.
std::string master::impl::join_hint() const {
  auto const port = std::to_string(local_address().port);
  // A master that serves no methods itself, such as the command's, does not know the nodes' program.
  auto const program = methods_.empty() ? "PROGRAM" : options_.program;
  if (is_loopback(options_.listen.host)) return "in another terminal run: " + program + " --join :" + port;
  return "on another machine run: " + program + " --join " + host_name() + ":" + port +
         (options_.secret.empty() ? "" : " --secret-file FILE");
}

task<void> master::impl::handshake_loop() {
  waiting_line::pause_of const pause = [this](std::string const& party) { return pace_.wait(party, world_.clock.now()); };
  return release_loop(handshakes_, pause);
}

task<void> master::impl::web_loop() {
  return release_loop(web_requests_, [](std::string const&) { return duration::zero(); });
}

task<void> master::impl::release_loop(waiting_line& line, waiting_line::pause_of pause) {
  auto const executor = co_await asio::this_coro::executor;
  for (;;) {
    co_await line.someone();
    auto const left = line.release_one(pause);
    if (left > duration::zero())
      co_await sleep_for(world_.clock, left);
    else
      co_await asio::post(executor, asio::use_awaitable);
  }
}

/// A new connection: its protocol and its first bytes.
struct master::impl::visitor {
  std::unique_ptr<stream> peer;
  sniffed seen;
  buffer first;
};

/// Reads until the visitor's protocol is known.
task<void> master::impl::listen_to(visitor& who) {
  stream_timer patience(world_.clock, *who.peer);
  patience.arm(options_.limits.handshake,
               "it sent no recognizable protocol " + within_limit("handshake", options_.limits.handshake));
  while (who.seen = sniff(who.first.bytes()), who.seen.kind == dialect::need_more) {
    std::byte piece[4096];
    std::size_t count = 0;
    try {
      count = co_await who.peer->read_some(asio::buffer(piece));
    } catch (std::system_error const&) {
      patience.rethrow();
    }
    who.first.append({piece, count});
  }
  who.first = buffer(who.first.bytes().subspan(who.seen.skipped_bytes));
}

/// Completes the TLS handshake and detects the protocol inside.
task<void> master::impl::unwrap(visitor& who, share& held) {
  co_await handshakes_.wait(held);
  auto secured = tls_stream::accepting(std::move(who.peer), std::move(who.first), *options_.tls);
  {
    stream_timer patience(world_.clock, *secured);
    patience.arm(options_.limits.handshake,
                 "the TLS handshake did not complete " + within_limit("handshake", options_.limits.handshake));
    try {
      co_await secured->handshake();
    } catch (std::system_error const&) {
      patience.rethrow();
    }
  }
  who.peer = std::move(secured);
  who.first = buffer();
  co_await listen_to(who);
}

/// A peer must send a recognizable protocol within the handshake limit. Nothing a peer does ends the master.
task<void> master::impl::serve(std::unique_ptr<stream> peer) {
  auto const address = peer->peer_address();
  // Good for as long as the peer is unproven: then it still has this stream.
  auto* const below = peer.get();
  share held(unproven_, host_of(address), visit_bytes, [below] { below->close(); });
  std::string problem;
  std::error_code code;
  try {
    visitor who{std::move(peer), {}, {}};
    co_await serve_visitor(std::move(who), held);
  } catch (protocol_breach const& e) {
    warn_of_strangers("breach", "the connection of " + address + " was closed: " + e.why());
  } catch (std::system_error const& e) {
    problem = problem_of(address, e);
    code = e.code();
  } catch (std::exception const& e) {
    problem = address + ": " + e.what();
  }
  if (held.is_crowded_out())
    warn_of_strangers(
        "crowded out",
        address +
            " was closed before it was authenticated: all such peers together reached the limit (unproven_bytes) of " +
            std::to_string(options_.limits.unproven_bytes) + " bytes");
  else if (code == errc::denied || code == errc::limit_exceeded)
    warn_of_strangers(code.message() + (held.is_let_in() ? " by a caller" : ""), problem);
  else if (!problem.empty())
    world_.log.debug([&] { return problem; });
}

task<void> master::impl::serve_visitor(visitor who, share& held) {
  auto const address = who.peer->peer_address();
  co_await listen_to(who);
  if (options_.tls && who.seen.kind == dialect::tls) {
    held.hold(tls_visit_bytes);
    co_await unwrap(who, held);
    // Without a secret the certificate is the proof.
    if (options_.secret.empty() && options_.tls->is_mutual()) held.let_in();
  } else if (options_.tls) {
    warn_of_strangers("no TLS", address + " connected without TLS; this master requires it");
    if (who.seen.kind == dialect::http) co_await say_use_tls(*who.peer);
    co_return;
  }
  switch (who.seen.kind) {
    case dialect::http: co_await serve_web(std::move(who.peer), std::move(who.first), held); break;
    case dialect::json: co_await serve_json(std::move(who.peer), std::move(who.first), held); break;
    case dialect::tls:
      warn_of_strangers(
          "TLS",
          address + " connected with TLS, but this master has no certificate; give it --tls-cert FILE --tls-key FILE");
      break;
    case dialect::unknown:
      warn_of_strangers("no dialect",
                        address + " sent something other than a dist or HTTP request: " + who.seen.looks_like);
      break;
    case dialect::need_more: break;
  }
}

void master::impl::warn_of_strangers(std::string_view kind, std::string const& line) {
  if (folded_.is_written(kind, line, world_.clock.now())) world_.log.warn(line);
}

void master::impl::log_folded_lines() {
  for (auto const& line : folded_.due(world_.clock.now())) world_.log.warn(line);
}

master::master(seams const& world, master_options options) : impl_(std::make_unique<impl>(world, std::move(options))) {}
master::~master() = default;
task<void> master::run() { return impl_->run(); }
void master::stop() noexcept { impl_->stop(); }
cluster master::calls() const { return impl_->calls(); }
address master::local_address() const { return impl_->local_address(); }
std::string master::status_json() const { return impl_->status_json(); }

}  // namespace dist
