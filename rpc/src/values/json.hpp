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

/// Whether a text is one JSON value and nothing else, without building it. Empty when it is, else what is wrong and
/// where.
std::string json_problem(std::string_view text, std::size_t depth_limit);

/// A member of an object whose text has not been parsed yet.
struct json_member {
  std::string_view name;   ///< as written between the quotes, escapes included
  std::string_view value;  ///< the value's text, without white space around it
};

/// Cuts the text of a JSON object into its members without parsing their values, so that a request's `id` is echoed
/// exactly as it was written. Meant for text that parse_json accepts; for other text the answer is false or some cut,
/// never a crash.
bool split_json_object(std::string_view text, std::vector<json_member>& out);
/// The same for the elements of a list.
bool split_json_list(std::string_view text, std::vector<std::string_view>& out);

}  // namespace dist
