#pragma once

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <cstddef>
#include <dist/rpc/detail/compute.hpp>
#include <semaphore>
#include <thread>
#include <utility>
#include <vector>

namespace dist::test {

/// Runs each method on a thread of its own, never at the same time as the test's thread, which waits until the method
/// has ended or stands still. A standing method keeps its slot until the test releases it.
class standing_compute final : public compute_threads {
 public:
  explicit standing_compute(asio::io_context& io, std::size_t slots = 1) : io_(io), slots_(slots), threads_(slots) {}
  ~standing_compute() override {
    let_go();
    for (auto& one : runs_) one.join();
  }

  asio::any_io_executor executor() override { return io_.get_executor(); }
  void post(work_ptr work) override {
    asio::post(io_, [this, work = std::move(work)]() mutable { run(std::move(work)); });
  }
  void replace_thread() override {
    ++threads_;
    run_held();
  }
  std::size_t slots() const noexcept override { return slots_; }

  /// Called by a method: waits until let_go().
  void stand_still() {
    ++standing_;
    back_.release();
    go_on_.acquire();
  }
  std::size_t standing_count() const noexcept { return standing_; }
  std::size_t held_count() const noexcept { return held_.size(); }
  /// Releases the standing methods, one after the other.
  void let_go() {
    for (; standing_ > 0; --standing_) {
      go_on_.release();
      back_.acquire();
    }
    run_held();
  }

 private:
  void run(work_ptr work) {
    if (standing_ >= threads_) return held_.push_back(std::move(work));
    runs_.emplace_back([this, work = std::move(work)]() mutable {
      dist::run(std::move(work));
      back_.release();
    });
    back_.acquire();
  }
  void run_held() {
    for (auto& work : std::exchange(held_, {})) run(std::move(work));
  }

  asio::io_context& io_;
  std::size_t slots_;
  std::size_t threads_;
  std::size_t standing_ = 0;
  std::counting_semaphore<> back_{0};
  std::counting_semaphore<> go_on_{0};
  std::vector<work_ptr> held_;
  std::vector<std::thread> runs_;
};

}  // namespace dist::test
