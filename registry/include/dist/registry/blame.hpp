#pragma once

#include <cstddef>
#include <dist/registry/node_info.hpp>
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

/// Remembers on which nodes a call was running when their processes died by themselves (not drained, not silent).
class blame {
 public:
  static constexpr std::size_t deaths_until_alone = 2;

  /// The node's process died while it executed the call.
  verdict died(call_ref call, std::string node);
  /// The call has its completion; nothing of it is kept.
  void ended(call_ref call) noexcept { deaths_.erase(call); }

  bool runs_alone(call_ref call) const noexcept;
  /// errc::poisoned with the nodes that died.
  fault poisoned(call_ref call, std::string method) const;
  std::size_t size() const noexcept { return deaths_.size(); }

 private:
  std::unordered_map<call_ref, std::vector<std::string>> deaths_;
};

}  // namespace dist
