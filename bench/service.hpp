// The methods of all workloads, and the parameters of the jobs.
#pragma once

#include <dist/dist.hpp>
#include <dist/rpc/detail/event.hpp>
#include <memory>
#include <string>
#include <vector>

#include "peers/bench.hpp"

struct range {
  std::int64_t start = 0;
  std::int64_t end = 0;
};
BOOST_DESCRIBE_STRUCT(range, (), (start, end))

struct Bench {
  std::int64_t sum(std::int64_t a, std::int64_t b, std::int64_t c) const { return a + b + c; }
  std::int64_t sum_on_pool(std::int64_t a, std::int64_t b, std::int64_t c) const { return a + b + c; }
  double sum_span(std::span<double const> values) const { return bench::sum_doubles(values.data(), values.size()); }
  /// For as many as are summed within the time of a brief method.
  double sum_few(std::span<double const> values) const { return sum_span(values); }
  double sum_vector(std::vector<double> const& values) const {
    return bench::sum_doubles(values.data(), values.size());
  }
  std::vector<double> echo(std::vector<double> values) const { return values; }
  /// Each node the same, made once.
  std::vector<double> give_vector() const;
  std::int64_t count(range numbers) const { return bench::count_palindromes(numbers.start, numbers.end); }
  std::int64_t count_on_pool(range numbers) const { return bench::count_palindromes(numbers.start, numbers.end); }
  std::int64_t nap(std::int64_t microseconds) const;
  /// Awaits a timer, on the I/O thread or on a compute thread.
  dist::task<void> wait(std::int64_t microseconds) const;
  dist::task<void> wait_on_pool(std::int64_t microseconds) const;
  /// Stays until release(); held() counts those that do.
  dist::task<void> hold() const;
  std::int64_t held() const { return static_cast<std::int64_t>(gates_->size()); }
  void release() const {
    for (auto* gate : std::exchange(*gates_, {})) gate->set();
  }
  /// Bytes of memory that the node's process has for itself.
  std::int64_t resident() const;

 private:
  std::shared_ptr<std::vector<dist::event*>> gates_ = std::make_shared<std::vector<dist::event*>>();
};
BOOST_DESCRIBE_STRUCT(Bench, (),
                      (sum, sum_on_pool, sum_span, sum_few, sum_vector, echo, give_vector, count, count_on_pool, nap,
                       wait, wait_on_pool, hold, held, release, resident))

template <>
inline constexpr bool dist::brief<&Bench::sum> = true;
template <>
inline constexpr bool dist::brief<&Bench::sum_few> = true;
template <>
inline constexpr bool dist::brief<&Bench::count> = true;
template <>
inline constexpr bool dist::brief<&Bench::wait> = true;
template <>
inline constexpr bool dist::brief<&Bench::hold> = true;
template <>
inline constexpr bool dist::brief<&Bench::held> = true;
template <>
inline constexpr bool dist::brief<&Bench::release> = true;

/// `w2:64 pool` is the name w2, the number 64 and the variant pool.
struct workload {
  std::string name;
  std::int64_t number = 0;  ///< 0: none was given
  std::string variant;

  bool pool() const { return variant == "pool"; }
};

/// As a calculation would: each call has a deadline.
inline dist::call_options const in_time = dist::call_options().within(std::chrono::seconds(60));

dist::task<void> run_w1(dist::cluster& on, workload asked);
dist::task<void> run_w2(dist::cluster& on, workload asked);
dist::task<void> run_count(dist::cluster& on, workload asked);
dist::task<void> run_w3_sum(dist::cluster& on, workload asked);
dist::task<void> run_w3_vec(dist::cluster& on, workload asked);
dist::task<void> run_w3_echo(dist::cluster& on, workload asked);
dist::task<void> run_w4(dist::cluster& on, workload asked);
dist::task<void> run_w5(dist::cluster& on, workload asked);
dist::task<void> run_w6(dist::cluster& on, workload asked);
dist::task<void> run_w8_connections(dist::cluster& on, workload asked);
dist::task<void> run_w8_queued(dist::cluster& on, workload asked);
dist::task<void> run_w8_calls(dist::cluster& on, workload asked);
dist::task<void> run_w10(dist::cluster& on, workload asked);
dist::task<void> run_w11(dist::cluster& on, workload asked);
/// Says that it is ready, and waits until the program is ended.
dist::task<void> serve(dist::cluster& on, workload asked);

/// `--crowd HOST:PORT N`: N nodes in this process, without threads; they take a million calls at once.
int run_crowd(std::string const& master, std::size_t count);
