#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nodes/method_table.hpp"
#include "nodes/method_time.hpp"

namespace dist {

/// How many calls of each method a node may get beyond its slots: what the method declares, and what was measured.
class method_windows {
 public:
  /// `most` for a method that is quick; `brief` for one that only promises to be.
  method_windows(std::uint32_t most, std::uint32_t brief) noexcept : most_(most), brief_(brief) {}

  void declare_brief(method_ref method, bool brief) { at(method).brief = brief; }
  /// True if that is new.
  bool makes_calls(method_ref method);
  /// Returns the window that this time leads to.
  std::uint32_t measured(method_ref method, std::uint32_t microseconds);

  std::uint32_t of(method_ref method) { return window_of(at(method)); }
  /// Its calls usually run for longer than a window lets others wait.
  bool takes_long(method_ref method) const noexcept;
  /// Whether a call of this time ended sooner than successful ones do; unknown times are quick.
  bool is_quick(method_ref method, std::uint32_t microseconds) { return at(method).time.is_quick(microseconds); }

 private:
  struct facts {
    method_time time;
    bool brief = false;
    bool makes_calls = false;
  };
  facts& at(method_ref method);
  std::uint32_t window_of(facts const& known) const noexcept;

  std::uint32_t most_;
  std::uint32_t brief_;
  std::vector<facts> facts_;  ///< by method_ref
};

}  // namespace dist
