#include "node/go_service.hpp"

#include <algorithm>
#include <asio/cancellation_state.hpp>
#include <asio/this_coro.hpp>

#include "call/alarm.hpp"

namespace dist {
namespace {

/// A Go master calls its nodes each heartbeat; after this many without a call it has forgotten this node.
constexpr int silent_beats = 5;

}  // namespace

go_service::go_service(seams const& world, node_options const& options, service_table& services,
                       std::unique_ptr<listener> port)
    : world_(world),
      options_(options),
      services_(services),
      port_(std::move(port)),
      last_contact_(world.clock.now()),
      tasks_(world.io.get_executor()) {}

bool go_service::is_over() const {
  auto const now = world_.clock.now();
  if (failed_ || (draining_ && now >= drain_until_)) return true;
  return open_.empty() && (draining_ || now - last_contact_ >= silent_beats * options_.heartbeat);
}

task<void> go_service::run() {
  tasks_.spawn(accept_loop());
  std::exception_ptr ended;
  try {
    while (!is_over()) {
      auto const until = std::min(later(world_.clock.now(), options_.heartbeat), drain_until_);
      alarm const next(world_.clock, until - world_.clock.now(), wake_);
      co_await wake_.wait();
    }
  } catch (...) {
    ended = std::current_exception();
  }
  if (!ended) ended = failed_;
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  port_->close();
  tasks_.stop();
  co_await tasks_.join();
  if (ended) std::rethrow_exception(ended);
}

void go_service::drain(duration limit) {
  if (std::exchange(draining_, true)) return;
  drain_until_ = later(world_.clock.now(), limit);
  port_->close();
  for (auto* one : open_) one->finish();
  wake_.set();
}

task<void> go_service::accept_loop() {
  try {
    for (;;) {
      auto peer = co_await port_->accept();
      contacted_ = true;
      last_contact_ = world_.clock.now();
      if (open_.size() < options_.limits.connection_count) tasks_.spawn(serve(std::move(peer)));
    }
  } catch (...) {
    if (!draining_) failed_ = std::current_exception();
  }
  wake_.set();
}

task<void> go_service::serve(std::unique_ptr<stream> peer) {
  auto const who = peer->peer_address();
  json_service calls(std::move(peer), world_, options_.limits, services_, options_.name);
  open_.push_back(&calls);
  if (draining_) calls.finish();
  try {
    co_await calls.run();
  } catch (std::exception const& e) {
    world_.log.debug([&] { return who + ": " + e.what(); });
  }
  std::erase(open_, &calls);
  last_contact_ = world_.clock.now();
  wake_.set();
}

}  // namespace dist
