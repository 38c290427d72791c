#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <dist/rpc/result.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace dist {

/// Parses a whole JSON text: integers of 64 bits exactly, any other number as the nearest double.
///
/// Errors   errc::protocol_error: not JSON, not UTF-8, a lone surrogate (these name the byte), a member twice, a number
///          beyond the largest double; errc::limit_exceeded: nested deeper than `depth_limit`.
result<boost::json::value> parse_json(std::string_view text, std::size_t depth_limit);

/// Whether a text is one JSON value and nothing else, without building it. Empty if it is, otherwise what is wrong and
/// where.
std::string json_problem(std::string_view text, std::size_t depth_limit);

/// Cuts the text of a JSON list into the texts of its elements, so that numbers stay as they were written. False for
/// text that is not a JSON list.
bool split_json_list(std::string_view text, std::vector<std::string_view>& out);

}  // namespace dist
