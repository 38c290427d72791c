#pragma once

#include <dist/rpc/detail/number.hpp>
#include <string_view>

namespace dist {

// The value of a JSON number's text that the parser has accepted.

/// The number as an integer of 64 bits: `3.0` and `1e2` too, but only where that is exactly its value.
bool whole_number(std::string_view text, number& out) noexcept;

/// The value next to the number, whatever its size; a number that is next to 0 becomes 0 with its sign. False where it is
/// beyond the largest finite one.
bool nearest_number(std::string_view text, float& out) noexcept;
bool nearest_number(std::string_view text, double& out) noexcept;

/// Whether it has neither fraction nor exponent.
inline bool is_integer_text(std::string_view text) noexcept { return text.find_first_of(".eE") == text.npos; }

}  // namespace dist
