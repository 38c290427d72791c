#pragma once

#include <array>
#include <boost/circular_buffer.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "master/dispatcher.hpp"

namespace dist {

/// The content of the page: the current state, and events since a watcher's last update. All of it is bounded, however
/// long the master runs. I/O thread.
class page_feed {
 public:
  explicit page_feed(dispatcher const& calls) : calls_(calls) {}

  /// One heartbeat has passed.
  void sample(time_point now);

  /// What one watcher has already received.
  struct cursor {
    std::uint64_t samples = 0;
    std::uint64_t calls = 0;
  };
  /// As one line of JSON, with the members of `more`.
  std::string news(cursor& seen, boost::json::object const& more, time_point now);

 private:
  static constexpr std::size_t most_samples = 600;  ///< ten minutes of the usual heartbeat
  static constexpr std::size_t most_nodes = 1000;   ///< one by one

  struct measured {
    time_point at{};
    std::uint64_t ok = 0;      ///< calls so far
    std::uint64_t failed = 0;  ///< likewise
    std::size_t queued = 0;
    std::uint64_t in_use = 0;
    std::uint64_t slots = 0;
    std::size_t nodes = 0;
    std::uint64_t p50_us = 0;  ///< of the calls that were answered since the sample before; 0: none were
    std::uint64_t p99_us = 0;
  };

  std::string const& state(time_point now);
  void put_nodes(std::string& text, time_point now) const;
  void put_methods(std::string& text) const;
  void put_failures(std::string& text, time_point now) const;

  dispatcher const& calls_;
  boost::circular_buffer<measured> samples_{most_samples};
  std::uint64_t sample_count_ = 0;
  histogram took_;  ///< of all calls, at the last sample
  std::string state_;  ///< for all watchers of one sample
  std::uint64_t state_of_ = ~std::uint64_t{0};
};

}  // namespace dist
