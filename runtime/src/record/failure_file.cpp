#include "record/failure_file.hpp"

#include <boost/describe/enum_to_string.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstddef>
#include <dist/rpc/detail/text.hpp>

namespace dist {
namespace {

constexpr std::size_t most_text_bytes = 4096;
constexpr std::size_t most_argument_bytes = 64 * 1024;

void put_text(boost::json::object& line, char const* name, std::string const& text) {
  if (!text.empty()) line[name] = printable(text, most_text_bytes);
}

}  // namespace

std::string failure_line(call_record const& call, fault const& what) {
  boost::json::object line;
  put_text(line, "method", call.method->name);
  line["code"] = to_text(what.code);
  put_text(line, "message", what.message.empty() ? make_error_code(what.code).message() : what.message);
  put_text(line, "cause", what.cause);
  put_text(line, "node", what.node);
  put_text(line, "phase", what.phase);
  line["known"] = boost::describe::enum_to_string(what.known, "unknown");
  auto const bytes = call.arguments.bytes();
  buffer json;
  if (bytes.size() > most_argument_bytes ||
      !transcode(call.codec, bytes, written_depth, codec::json, json).empty()) {
    line["argument_bytes"] = bytes.size();
    return serialize(line) + '\n';
  }
  auto text = serialize(line);
  text.pop_back();
  return text + ",\"arguments\":" + std::string(json.text()) + "}\n";
}

void failure_file::put(call_record const& call, fault const& what) {
  if (!file_.failed()) file_.write(failure_line(call, what));
}

}  // namespace dist
