#pragma once

#include <cstddef>
#include <cstdint>
#include <dist/rpc/deadline.hpp>
#include <dist/rpc/detail/call_no.hpp>
#include <dist/rpc/fault.hpp>
#include <iosfwd>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace dist {

/// What becomes of a call whose node's process died.
enum class verdict {
  again,     ///< may be issued again like any other
  alone,     ///< may be issued again with call_needs::alone, so that its neighbours are not hurt
  poisoned,  ///< fails: it died alone as well
};

std::string_view to_text(verdict what) noexcept;
std::ostream& operator<<(std::ostream& out, verdict what);

/// Which of a node's calls can have been running when its process died: asked of those that it had not answered, in the
/// order in which they went out. A call that waited in the window behind others is not to blame.
class begun_calls {
 public:
  explicit begun_calls(std::uint32_t slots) noexcept : slots_(slots) {}
  /// Whether the next call can have begun. `holds_slot`: it surely kept its slot from all behind it. A quick one may
  /// have ended, and its answer died with the process; a suspended one leaves its slot to others.
  bool next(bool holds_slot) noexcept {
    auto const can = held_ < slots_;
    held_ += holds_slot;
    return can;
  }

 private:
  std::uint32_t slots_;
  std::uint32_t held_ = 0;
};

/// Remembers on which nodes a call was running when their processes died by themselves (not drained, not silent).
class death_record {
 public:
  static constexpr std::size_t deaths_until_alone = 2;

  /// The node's process died while it executed the call. `incarnation` names the process, 0 when that is not known.
  /// Until `certain_at` the process may turn out to have lost only its connection, or it is explained how it ended.
  verdict died(call_no call, std::string node, std::uint64_t incarnation = 0,
               time_point certain_at = time_point::min());
  /// The process is there: it had not died, only its connection had. Returns the calls of which another verdict is true
  /// now.
  std::vector<call_no> lives(std::uint64_t incarnation);
  /// How that process ended: its death is certain.
  void explain(std::uint64_t incarnation, std::string const& end);
  /// When all deaths of the call are certain.
  time_point certain_at(call_no call) const noexcept;
  /// The call has its completion; nothing of it is kept.
  void ended(call_no call) noexcept { deaths_.erase(call); }

  bool runs_alone(call_no call) const noexcept { return count(call) >= deaths_until_alone; }
  bool is_poisoned(call_no call) const noexcept { return count(call) > deaths_until_alone; }
  /// errc::poisoned with the nodes that died, and how, where that is known.
  fault poisoned(call_no call, std::string method) const;
  std::size_t size() const noexcept { return deaths_.size(); }

 private:
  struct death {
    std::string node;
    std::uint64_t incarnation;
    time_point certain_at;
    std::string end;  ///< empty: not known
  };
  std::size_t count(call_no call) const noexcept;

  std::unordered_map<call_no, std::vector<death>> deaths_;
};

}  // namespace dist
