#include <dist/rpc/detail/json_writer.hpp>

#include <dist/rpc/detail/number.hpp>
#include <dist/rpc/detail/text.hpp>

#include <boost/json/serializer.hpp>

namespace dist {

void json_writer::text(std::string_view value) {
  boost::json::serializer quoted;
  quoted.reset(boost::json::string_view(value.data(), value.size()));
  do {
    auto const room = value.size() + 64;
    auto const before = out_.size();
    auto* to = reinterpret_cast<char*>(out_.grow(room));
    out_.shrink(before + quoted.read(to, room).size());
  } while (!quoted.done());
  separated_ = false;
}

void json_writer::key(std::string_view name) {
  separate();
  text(name);
  raw(":");
  separated_ = true;
}

void json_writer::bytes(std::span<std::byte const> value) {
  raw("\"");
  raw(to_base64(value));
  raw("\"");
}

void json_writer::floating(float value) { floating_as(value); }
void json_writer::floating(double value) { floating_as(value); }

template <class T>
void json_writer::floating_as(T value) {
  if (!std::isfinite(value)) return text(floating_text(value));
  char digits[40];
  auto const* end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  std::string_view shortest(digits, static_cast<std::size_t>(end - digits));
  raw(shortest);
  // A double stays one for readers that distinguish 3.0 from 3.
  if (shortest.find_first_of(".e") == shortest.npos) raw(".0");
}

}  // namespace dist
