#pragma once

#include <chrono>
#include <cstdint>
#include <dist/rpc/deadline.hpp>
#include <dist/rpc/error.hpp>
#include <set>
#include <string>
#include <vector>

namespace dist {

/// Whether the result of such a call was no longer needed: that does not count as a failure.
inline bool is_unwanted(errc code) noexcept { return code == errc::cancelled || code == errc::stopped; }

/// The account of a job's calls, for the line at its end. Pure.
class account {
 public:
  static constexpr std::size_t most_named = 5;

  void joined(std::string const& name) { nodes_.insert(name); }
  /// A node has gone without a word; `incarnation` is its process's, 0 where it is not known.
  void lost(std::string name, std::uint64_t incarnation, std::string why);
  /// It has turned out how the process ended.
  void explain(std::uint64_t incarnation, std::string const& why);
  /// Adds the run time of a method.
  void ran(duration time) noexcept { used_ += std::chrono::duration<double>(time).count(); }
  /// Adds slots that were available for a time.
  void there(std::uint64_t slots, duration time) noexcept {
    there_ += static_cast<double>(slots) * std::chrono::duration<double>(time).count();
  }

  struct counts {
    std::uint64_t calls = 0;
    std::uint64_t failed = 0;  ///< without those no longer needed
    std::uint64_t cancelled = 0;
    std::uint64_t issued_again = 0;
    duration elapsed{};
    duration under_way{};  ///< how long those run that have not ended, added up
    std::string failure_file{};  ///< where the failed ones are; empty: nowhere
  };
  /// `100,000 calls on 40 nodes in 3 h 12 min, busy 94 %, 37 retried, 2 nodes lost (ws07: signal 9; ...), 3 failed:
  /// see failures.json`.
  std::string text(counts const& of) const;
  /// For a job whose master, and so the record of its nodes, is elsewhere: `100,000 calls at the master in 3 h 12 min,
  /// 37 retried, 2 connections lost, 3 failed`.
  static std::string text_at_master(counts const& of, std::uint64_t connections_lost);

 private:
  struct loss {
    std::string name;
    std::uint64_t incarnation;
    std::string why;
  };
  std::set<std::string> nodes_;
  std::uint64_t losses_ = 0;
  std::vector<loss> named_;  ///< the first ones
  double used_ = 0;          ///< seconds of methods
  double there_ = 0;         ///< slots times seconds
};

}  // namespace dist
