#pragma once

#include <cstdint>
#include <dist/rpc/deadline.hpp>
#include <dist/rpc/fault.hpp>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace dist::sim {

/// Identifies one call, in its arguments, its result and every report.
using call_tag = std::uint64_t;

/// The result of the method of a call, unique to its tag.
inline std::uint64_t answer_to(call_tag tag) noexcept { return tag * 0x9E37'79B9'7F4A'7C15U + 1; }

enum class method_kind {
  plain,         ///< const
  plain_writes,  ///< not const
  waits,         ///< const coroutine
  wait_writes,   ///< coroutine, not const
  brief,
  fails,
  transient,  ///< fails with `transient` at first
  large,
  stubborn,       ///< ignores its cancellation
  nests,          ///< const, calls others
  nests_writing,  ///< not const, calls others
  count
};
char const* to_text(method_kind kind) noexcept;
inline bool is_repeatable(method_kind kind) noexcept {
  return kind != method_kind::plain_writes && kind != method_kind::wait_writes && kind != method_kind::nests_writing;
}

/// The options of a call.
struct call_facts {
  method_kind kind{};
  bool once = false;
  bool has_deadline = false;
  bool may_cancel = false;  ///< its caller may cancel it
  bool from_link = false;   ///< made over a connection to the master
  bool nested = false;
  bool inherits_deadline = false;  ///< the call that made it has one
  bool pinned = false;    ///< to one node
  std::string pinned_to;  ///< its name
  bool gives_up = false;  ///< waits only for a while for a node
};

/// Every call that was made, where it began and how it ended: enough to judge all outcomes afterwards.
class ledger {
 public:
  call_tag open(call_facts about);
  /// Its method began on a node.
  void began(call_tag tag, std::string const& node);
  /// It ran to its end without a cancellation.
  void ran_through(call_tag tag, time_point now);
  /// The caller has abandoned the call.
  void unwanted(call_tag tag, time_point now) { entries_[tag - 1].unwanted_since = now; }
  /// The time in which methods that listen must see their cancellation; unset: not checked, as when links are cut.
  void expect_cancels_within(duration bound) noexcept { cancel_bound_ = bound; }
  /// Nodes only leave in good order: no call is lost with them.
  void expect_no_losses() noexcept { no_losses_ = true; }
  call_facts const& about(call_tag tag) const { return entries_[tag - 1].about; }
  /// The number of starts so far.
  std::size_t begins(call_tag tag) const;
  void answered(call_tag tag, std::uint64_t value);
  void failed(call_tag tag, fault const& what);
  /// One of several calls failed this way; it is not known which.
  void failed_somewhere(call_tag tag, fault what);
  bool is_open(call_tag tag) const { return entries_[tag - 1].ends == 0 && !entries_[tag - 1].forgotten; }
  /// The caller is gone, for example with its process: the end of the call will not be seen.
  void forgotten(call_tag tag);

  /// Checks calls that have ended, or should have. Call it once, when everything has settled.
  void judge();
  void wrong(std::string what) { problems_.push_back(std::move(what)); }
  /// One more condition; `what` describes its failure.
  template <class MakeText>
  void check(bool holds, MakeText&& what) {
    ++checks_;
    if (!holds) wrong(what());
  }
  std::vector<std::string> const& problems() const noexcept { return problems_; }
  std::uint64_t checks() const noexcept { return checks_; }
  /// A node's process ended while calls may have been running on it.
  void node_died() noexcept { ++deaths_; }
  std::size_t calls() const noexcept { return entries_.size(); }
  std::size_t answers() const noexcept { return answers_; }

 private:
  struct entry {
    call_facts about;
    std::vector<std::string> begun;  ///< nodes
    time_point unwanted_since = time_point::max();
    std::size_t ends = 0;
    bool forgotten = false;
    bool good = false;
    std::optional<fault> failure;
  };
  void end(call_tag tag, entry& one);
  void judge(call_tag tag, entry const& one);
  void judge_fault(call_tag tag, entry const& one);
  std::string name_of(call_tag tag, entry const& one) const;

  std::vector<entry> entries_;
  std::size_t open_ = 0;
  std::size_t answers_ = 0;
  std::size_t deaths_ = 0;
  bool no_losses_ = false;
  std::optional<duration> cancel_bound_;
  std::uint64_t checks_ = 0;
  std::vector<std::string> problems_;
};

}  // namespace dist::sim
