#include "values/json.hpp"

#include <dist/rpc/detail/decode.hpp>
#include <dist/rpc/detail/json_reader.hpp>

#include "values/json_document.hpp"
#include "values/json_scanner.hpp"

namespace dist {

result<boost::json::value> parse_json(std::string_view text, std::size_t depth_limit) {
  auto parsed = json_document::parse(text, depth_limit);
  if (parsed.has_error()) return std::move(parsed).error();
  json_reader reader(std::move(*parsed));
  boost::json::value value;
  if (decode_any(reader, value)) return value;
  return make_fault(errc::protocol_error, reader.error.text("JSON"));
}

std::string json_problem(std::string_view text, std::size_t depth_limit) {
  json_scanner scan(text, depth_limit);
  scan.value();
  scan.expect_end();
  return scan.message();
}

bool split_json_list(std::string_view text, std::vector<std::string_view>& out) {
  json_scanner scan(text, text.size());
  out.clear();
  if (!scan.take('[')) return false;
  if (!scan.take(']')) {
    do out.push_back(scan.value());
    while (scan.take(','));
    scan.expect(']');
  }
  scan.expect_end();
  return !scan.failed();
}

}  // namespace dist
