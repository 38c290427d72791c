#include <dist/runtime/node.hpp>

#include <algorithm>
#include <asio/cancellation_state.hpp>
#include <asio/this_coro.hpp>
#include <dist/rpc/detail/context_seams.hpp>
#include <dist/rpc/sleep.hpp>

#include "node/back_off.hpp"
#include "node/join.hpp"
#include "node/node_impl.hpp"
#include "node/master_watchdog.hpp"
#include "process/crash_record.hpp"

namespace dist {
node::impl::impl(seams const& world, node_options options, service_list const& services)
    : options_(std::move(options)),
      memory_(options_.limits),
      world_(with_memory(world, memory_)),
      services_(services.make()),
      incarnation_(world_.entropy.next()),
      tasks_(world_.io.get_executor()),
      joining_(options_.rejoin) {}

task<void> node::impl::run() {
  // The part of this world that coroutine methods on the compute threads use.
  auto const threads = world_.compute.executor();
  auto const apart = threads != asio::any_io_executor(world_.io.get_executor());
  if (apart) context_seams::of(threads).add(this, {&world_.io, &world_.clock, nullptr});
  if (!joining_.leaving()) tasks_.spawn(join_loop());
  std::exception_ptr failed;
  try {
    co_await tasks_.join();
  } catch (...) {
    failed = std::current_exception();
  }
  if (apart) context_seams::of(threads).forget(this);
  if (failed) std::rethrow_exception(failed);
}

task<void> node::impl::join_loop() {
  while (!joining_.leaving()) {
    try {
      co_await join_once();
    } catch (std::system_error const& e) {
      if (e.code() == errc::denied) throw;
      said(e.what());
    } catch (std::exception const& e) {
      said(e.what());
    }
    // The end of a session must not be interrupted; what follows may be.
    co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
    if (session_ && session_->kills()) joining_.killed();
    session_.reset();
    forget_answer_timer();
    joining_.is_out();
    if (!joining_.tries_again()) break;
    auto const pause = pause_before_retry(joining_.failed(), world_.entropy);
    co_await sleep_for(world_.clock, pause);
  }
}

void node::impl::said(std::string const& problem) {
  if (joining_.is_news(problem)) world_.log.warn("node " + options_.name + ": " + problem + "; trying again");
}

task<void> node::impl::join_once() {
  auto peer = co_await connect_within(world_, options_.master, options_.limits.handshake);
  auto const here = parse_address(peer->local_address());
  // A Go master connects back: the port is opened before registering, on the interface through which the master is
  // reached.
  std::unique_ptr<listener> port;
  // Never with a secret or TLS: the dialling end could prove nothing, and everything would be sent in plain text.
  if (here && options_.secret.empty() && !peer->is_encrypted() && (is_loopback(here->host) || options_.insecure))
    port = listen_for_go_master(here->host);
  // Named before the await: g++ 12 goes wrong over a conditional inside a co_await expression.
  auto const dial_back = port ? port->local_address().port : std::uint16_t{0};
  joining_.asks();
  auto answer = co_await ask_for_frames(world_, *peer, options_.master, options_.register_path, dial_back, options_.limits);
  switch (answer.response.status) {
    case 101:
      if (port) port->close();
      co_await serve_dist_master(std::move(peer), std::move(answer.rest));
      break;
    case 200:
    case 201:
      peer->close();
      if (!port)
        throw call_error(make_fault(
            errc::denied, "the master at " + to_text(options_.master) +
                              " is a Go master, which connects back to its nodes and cannot prove a secret; join it "
                              "without --secret-file, and with --insecure if it is on another machine"));
      co_await serve_go_master(std::move(port));
      break;
    default: throw registration_error(options_.master, options_.register_path, answer.response);
  }
}

hello node::impl::introduction() const {
  hello me;
  me.role = role::node;
  me.name = options_.name;
  me.name_is_default = options_.name_is_default;
  me.slots = static_cast<std::uint32_t>(world_.compute.slots());
  me.incarnation = incarnation_;
  me.build = options_.build;
  me.labels = options_.labels;
  me.predecessor = options_.predecessor;
  me.methods.assign(services_.methods().begin(), services_.methods().end());
  return me;
}

task<void> node::impl::serve_dist_master(std::unique_ptr<stream> peer, buffer rest) {
  auto session = std::make_unique<connection>(std::move(peer), world_, options_.limits, when_full::pause);
  session->feed(rest.bytes());
  auto const accepted = co_await introduce_in_time(world_, *session, introduction(), options_.secret, options_.limits);
  world_.log.info("node " + accepted.name + ": joined the master at " + to_text(options_.master));
  joining_.succeeded();
  // Its master knows now; another has never seen that process.
  options_.predecessor.reset();
  if (options_.record) {
    auto const times = times_of(accepted);
    // Later than the master: its judgement of a silent node comes first.
    options_.record->joined(incarnation_, std::max<duration>(system_patience(times.heartbeat, times.lost_after),
                                                             3 * crash_record::beat_interval));
  }
  session_ = std::make_shared<node_session>(std::move(session), world_, options_.limits, services_, accepted,
                                            options_.drain_limit, options_.record);
  is_in();
  if (joining_.leaving()) session_->drain(joining_.until() - world_.clock.now());
  auto const staying = session_;
  co_await staying->run();
  if (staying->drained()) joining_.drained();
}

void node::impl::drain() {
  auto const until = later(world_.clock.now(), options_.drain_limit);
  switch (joining_.leave(until)) {
    case join_machine::farewell::none: return;
    case join_machine::farewell::at_once: return tasks_.stop();
    case join_machine::farewell::when_answered:
      answer_timer_ = world_.clock.schedule(until, [this] {
        answer_timer_ = timer_id::none;
        tasks_.stop();
      });
      return;
    case join_machine::farewell::by_draining:
      if (session_) return session_->drain(options_.drain_limit);
      if (go_.now) return go_.now->drain(options_.drain_limit);
  }
}

void node::impl::is_in() noexcept {
  joining_.is_in();
  forget_answer_timer();
}

void node::impl::forget_answer_timer() noexcept {
  if (answer_timer_ != timer_id::none) world_.clock.cancel(std::exchange(answer_timer_, timer_id::none));
}

void node::impl::stop() noexcept {
  joining_.stop();
  if (session_) session_->stop();
  tasks_.stop();
}

std::unique_ptr<listener> node::impl::listen_for_go_master(std::string const& host) {
  if (go_.last_port != 0) try {
      return world_.network.listen({host, go_.last_port});
    } catch (std::system_error const&) {
      go_.last_port = 0;
    }
  return world_.network.listen({host, 0});
}

task<void> node::impl::serve_go_master(std::unique_ptr<listener> port) {
  go_.last_port = port->local_address().port;
  if (options_.record) options_.record->joined(incarnation_, std::chrono::seconds(30));
  go_service service(world_, options_, services_, std::move(port));
  struct known {
    go_service*& here;
    ~known() { here = nullptr; }
  } const at_end{go_.now};
  go_.now = &service;
  if (std::exchange(go_.was_contacted, false))
    world_.log.info("node " + options_.name + ": joined the Go master at " + to_text(options_.master));
  is_in();
  if (joining_.leaving()) service.drain(joining_.until() - world_.clock.now());
  co_await service.run();
  if (service.contacted()) {
    go_.was_contacted = true;
    joining_.succeeded();
  }
  world_.log.debug([] { return "no call from the Go master for several beats; registering again"; });
}

node::node(seams const& world, node_options options, service_list const& services)
    : impl_(std::make_unique<impl>(world, std::move(options), services)) {}
node::~node() = default;
task<void> node::run() { return impl_->run(); }
void node::drain() { impl_->drain(); }
void node::stop() noexcept { impl_->stop(); }
bool node::joined() const noexcept { return impl_->joined(); }
bool node::kills() const noexcept { return impl_->kills(); }
bool node::was_drained() const noexcept { return impl_->was_drained(); }

}  // namespace dist
