#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <dist/rpc/error.hpp>
#include <memory>
#include <vector>

#include "ledger/next_step.hpp"
#include "nodes/node_info.hpp"
#include "record/histogram.hpp"

namespace dist {

/// Most methods that are counted individually; further ones are counted together.
inline constexpr std::size_t most_counted_methods = 1000;

/// Where a method is counted.
inline std::size_t counted_as(method_ref method) noexcept {
  return std::min(static_cast<std::size_t>(method), most_counted_methods);
}

/// The outcomes of the attempts of one method's calls. A retried call has several attempts. An attempt in none of
/// the others is on its way.
struct tally {
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;  ///< with a result
  std::uint64_t failed = 0;    ///< the method ran and ended in a fault
  std::uint64_t refused = 0;   ///< the method was not started
  std::uint64_t late = 0;      ///< answered after its caller was gone
  std::uint64_t lost = 0;      ///< with the node

  tally& operator+=(tally const& other) noexcept {
    sent += other.sent;
    answered += other.answered;
    failed += other.failed;
    refused += other.refused;
    late += other.late;
    lost += other.lost;
    return *this;
  }
};

/// The outcomes of the calls sent to one node.
class node_tally {
 public:
  tally& of(method_ref method) {
    auto const index = counted_as(method);
    if (index >= methods_.size()) methods_.resize(index + 1);
    return methods_[index];
  }
  /// By counted_as().
  std::vector<tally> const& methods() const noexcept { return methods_; }
  tally all() const noexcept {
    tally sum;
    for (auto const& one : methods_) sum += one;
    return sum;
  }

  histogram took;  ///< from when a call was sent to its answer

 private:
  std::vector<tally> methods_;
};

/// A master's counters for one method.
struct method_tally {
  static constexpr std::size_t codes = static_cast<std::size_t>(errc::stopped) + 1;

  histogram took;                            ///< from when a call was sent to its answer
  histogram ran;                             ///< the method itself, where its node measured it
  std::array<std::uint64_t, codes> ended{};  ///< calls, by errc; 0: with a result
};

/// A master's counters for all calls, apart from the tally of each node.
class master_tally {
 public:
  method_tally& of(method_ref method) {
    auto const index = counted_as(method);
    if (index >= methods_.size()) methods_.resize(index + 1);
    auto& found = methods_[index];
    if (!found) found = std::make_unique<method_tally>();
    return *found;
  }
  /// By counted_as(); null where nothing was counted.
  std::vector<std::unique_ptr<method_tally>> const& methods() const noexcept { return methods_; }

  /// A node has left.
  void keep(node_tally const& of_node) {
    auto const& more = of_node.methods();
    if (more.size() > gone_.size()) gone_.resize(more.size());
    for (std::size_t i = 0; i < more.size(); ++i) gone_[i] += more[i];
  }
  /// Of the nodes that have left, by counted_as().
  std::vector<tally> const& gone() const noexcept { return gone_; }

  std::array<std::uint64_t, 3> issued_again{};  ///< by issue_cost
  std::uint64_t late_replies = 0;
  std::uint64_t beats_sent = 0;
  std::uint64_t beats_heard = 0;     ///< of nodes that have left
  std::uint64_t received_bytes = 0;  ///< likewise
  std::uint64_t sent_bytes = 0;      ///< likewise

 private:
  std::vector<std::unique_ptr<method_tally>> methods_;
  std::vector<tally> gone_;
};

}  // namespace dist
