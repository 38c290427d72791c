#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>

#include "journal/journal_row.hpp"

namespace dist {

/// What a run does about an input, given what an earlier run recorded for it.
enum class replay_verdict : std::uint8_t {
  absent,         ///< nothing is recorded: it is computed
  reuse,          ///< its result is taken from the journal
  failed_before,  ///< its call failed: it is tried again
  changed,        ///< the recorded outcome is that of other arguments, types or another method: it is computed anew
  other_version,  ///< likewise, because dist::version of the method was another
};
std::ostream& operator<<(std::ostream& out, replay_verdict one);

/// `row` is what is recorded; null: nothing.
replay_verdict judge(journal_row const* row, input_digest::value const& digest, std::uint64_t version) noexcept;

/// Counts what becomes of the inputs of one fan-out.
class replay_tally {
 public:
  void add(replay_verdict one) noexcept { ++counts_[static_cast<std::size_t>(one)]; }
  std::size_t count(replay_verdict one) const noexcept { return counts_[static_cast<std::size_t>(one)]; }
  /// Whether an earlier run recorded anything about these inputs.
  bool has_recorded() const noexcept;
  /// `3,112 of 4,096 results reused, 984 to do, 12 inputs changed`; of a fan-out whose inputs were not counted,
  /// `3,112 results reused, 12 inputs changed`.
  std::string text(std::optional<std::size_t> total) const;

 private:
  std::size_t counts_[5] = {};
};

}  // namespace dist
