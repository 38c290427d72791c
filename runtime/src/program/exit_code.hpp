#pragma once

/// The exit codes of a run.
namespace dist::exit_code {

constexpr int failed = 1;
constexpr int wrong_use = 2;  ///< a node process that ends with it is not restarted: it would only fail again
constexpr int nobody_there = 4;
constexpr int kill_after = 5;  ///< a node process whose method went on without its call, see call_options
constexpr int interrupted = 130;

}  // namespace dist::exit_code
