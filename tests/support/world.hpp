#pragma once

#include <asio/post.hpp>
#include <dist/rpc/seams.hpp>

#include "sim/world/memory_network.hpp"
#include "sim/world/run.hpp"
#include "sim/world/seeded_entropy.hpp"

namespace dist::test {

/// One slot on the executor; nothing here computes.
class no_compute final : public compute_threads {
 public:
  explicit no_compute(asio::any_io_executor executor) : executor_(std::move(executor)) {}
  asio::any_io_executor executor() override { return executor_; }
  void post(work_ptr work) override {
    asio::post(executor_, [work = std::move(work)]() mutable { run(std::move(work)); });
  }
  std::size_t slots() const noexcept override { return 1; }

 private:
  asio::any_io_executor executor_;
};

/// The clock is created before the io_context and destroyed after it.
struct world {
  virtual_clock clock;
  asio::io_context io;
  memory_network network;
  no_compute compute{io.get_executor()};
  seeded_entropy entropy{1};
  dist::log log{log_level::off};
  dist::seams seams{io, clock, network, compute, entropy, log};

  void idle() { run_until_idle(io); }
};

}  // namespace dist::test
