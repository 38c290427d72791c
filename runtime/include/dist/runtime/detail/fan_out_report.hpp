#pragma once

#include <boost/describe/class.hpp>
#include <cstddef>
#include <cstdint>
#include <dist/runtime/fan_out.hpp>
#include <optional>
#include <string>

namespace dist {

/// The progress of a fan-out as a job reports it to its master.
struct fan_out_report {
  std::string name;  ///< its label, or `map of Arith.sum`
  std::uint64_t done = 0;  ///< calls that have ended, the failed ones too
  std::uint64_t failed = 0;
  std::optional<std::uint64_t> total;  ///< empty if the range of inputs has no known size
  std::uint64_t elapsed_us = 0;
};
BOOST_DESCRIBE_STRUCT(fan_out_report, (), (name, done, failed, total, elapsed_us))

/// At most this many are reported per job, the oldest.
inline constexpr std::size_t most_fan_outs = 16;

/// With rate and time left.
fan_out_progress progress_of(fan_out_report const& report);

}  // namespace dist
