#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dist {

/// Columns of a terminal that a UTF-8 text takes: East Asian wide characters take two, combining ones none (wcwidth).
std::size_t columns_of(std::string_view text);

/// As much of the text as fits, without a part of a character.
std::string fitted(std::string_view text, std::size_t columns);

}  // namespace dist
