#pragma once

#include <cstddef>
#include <cstdint>
#include <dist/rpc/clock.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dist {

/// The calls on one node whose callers are gone and that the node has not answered: their slots stay in use. Decides
/// which of them to log. Pure.
class abandoned_calls {
 public:
  void add(std::uint64_t number, std::string_view method, time_point now);
  /// The node has answered, or it was never here. A line for the log, if that had named the call.
  std::optional<std::string> remove(std::uint64_t number, std::string_view node, time_point now);

  /// Lines for the log: the calls that have gone on for a second, by method; again every 10 s.
  std::vector<std::string> due(std::string_view node, time_point now);

  /// The abandoned calls of one method.
  struct stay {
    std::string method;
    std::size_t count = 0;
    time_point since{};  ///< of the oldest
  };
  std::vector<stay> stays() const { return stays_since(time_point::max()); }
  std::size_t size() const noexcept { return calls_.size(); }

 private:
  struct entry {
    std::string method;
    time_point since;
    bool named = false;
  };
  /// Of calls that were abandoned then or before.
  std::vector<stay> stays_since(time_point latest) const;

  std::map<std::uint64_t, entry> calls_;
  std::optional<time_point> said_at_;
};

}  // namespace dist
