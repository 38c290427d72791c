#include "journal/replay.hpp"

#include <ostream>

#include "record/count_text.hpp"

namespace dist {

std::ostream& operator<<(std::ostream& out, replay_verdict one) {
  switch (one) {
    case replay_verdict::absent: return out << "absent";
    case replay_verdict::reuse: return out << "reuse";
    case replay_verdict::failed_before: return out << "failed_before";
    case replay_verdict::changed: return out << "changed";
    case replay_verdict::other_version: return out << "other_version";
  }
  return out << "?";
}

replay_verdict judge(journal_row const* row, input_digest::value const& digest, std::uint64_t version) noexcept {
  if (!row) return replay_verdict::absent;
  if (row->digest != digest) return replay_verdict::changed;
  if (row->version != version) return replay_verdict::other_version;
  return row->state == row_state::finished ? replay_verdict::reuse : replay_verdict::failed_before;
}

bool replay_tally::has_recorded() const noexcept {
  auto const absent = static_cast<std::size_t>(replay_verdict::absent);
  for (std::size_t i = 0; i < std::size(counts_); ++i)
    if (i != absent && counts_[i] > 0) return true;
  return false;
}

std::string replay_tally::text(std::optional<std::size_t> total) const {
  auto const reused = count(replay_verdict::reuse);
  auto line = grouped(reused);
  if (total)
    line += " of " + grouped(*total) + " results reused, " + grouped(*total - reused) + " to do";
  else
    line += reused == 1 ? " result reused" : " results reused";
  auto const inputs = [](std::size_t n) { return grouped(n) + (n == 1 ? " input" : " inputs"); };
  if (auto const n = count(replay_verdict::changed)) line += ", " + inputs(n) + " changed";
  if (auto const n = count(replay_verdict::other_version)) line += ", " + inputs(n) + " computed by another version";
  if (auto const n = count(replay_verdict::failed_before)) line += ", " + inputs(n) + " failed before and tried again";
  return line;
}

}  // namespace dist
