#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <dist/rpc/result.hpp>
#include <string_view>
#include <vector>

namespace dist {

/// Parses a whole JSON text with every number exact: integers of 64 bits, doubles correctly rounded from their text.
///
/// Errors   errc::protocol_error, which names the byte: not JSON, not UTF-8, a lone surrogate, a member twice, a number
/// beyond what
///          64 bits and doubles hold; errc::limit_exceeded: nested deeper than `depth_limit`.
result<boost::json::value> parse_json(std::string_view text, std::size_t depth_limit);

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
