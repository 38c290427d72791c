#pragma once

#include <asio/io_context.hpp>
#include <dist/rpc/detail/compute_pool.hpp>
#include <dist/rpc/detail/system_clock.hpp>
#include <dist/rpc/detail/system_entropy.hpp>
#include <dist/rpc/detail/tcp_network.hpp>
#include <dist/rpc/detail/tls_network.hpp>
#include <dist/rpc/log.hpp>
#include <dist/rpc/memory_budget.hpp>
#include <dist/rpc/seams.hpp>
#include <memory>
#include <optional>

namespace dist {

/// The real world of one process: an io_context with the system's time, sockets, threads and random numbers. Its owner
/// calls run(), or runs `io()`, on one thread.
class system_world {
 public:
  /// Methods run on `slots` threads of their own, or, with none, on the I/O thread between everything else.
  explicit system_world(std::size_t slots, dist::log to = dist::log());
  ~system_world();
  system_world(system_world const&) = delete;
  system_world& operator=(system_world const&) = delete;

  asio::io_context& io() noexcept { return io_; }
  /// Serves until nothing is left to do. Before the thread sleeps it looks for work for `spin`, as long as no other
  /// thread needs its processor: lower latency where a sleeping processor takes long to wake, at the price of a busy
  /// one.
  void run(duration spin = duration::zero());
  seams get() noexcept {
    return {io_, clock_, network(), *compute_, entropy_, log_, memory_ ? &*memory_ : nullptr};
  }
  /// One limit (memory) for all that is made from here on, not one for each.
  void limit_memory(limits const& bounds) { memory_.emplace(bounds); }
  /// Connections made from here on use TLS. Call before taking the seams.
  void use_tls(tls_context with) { secured_.emplace(network_, std::move(with)); }
  /// Waits for the methods that still run; nothing more is run. When the I/O loop has ended and before the nodes go, which
  /// own what the methods use.
  void join_compute() noexcept;
  /// Whether a plain method is running now.
  bool is_computing() const noexcept;
  operator seams() noexcept { return get(); }  // NOLINT(google-explicit-constructor): for passing it on

 private:
  dist::network& network() noexcept {
    if (secured_) return *secured_;
    return network_;
  }

  asio::io_context io_{1};
  dist::log log_;
  system_clock clock_;
  system_entropy entropy_;
  std::optional<memory_budget> memory_;
  tcp_network network_;
  std::optional<tls_network> secured_;
  compute_pool* pool_ = nullptr;  ///< of compute_, if it has threads
  std::unique_ptr<dist::compute_threads> compute_;  ///< last: its threads are joined before the rest is destroyed
};

}  // namespace dist
