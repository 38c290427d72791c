#include <dist/rpc/detail/json_reader.hpp>

#include <dist/rpc/detail/text.hpp>

#include "values/json_document.hpp"
#include "values/json_number.hpp"

namespace dist {
namespace {

constexpr std::size_t most_shown = 80;

}  // namespace

bool json_reader::open(std::string_view text, std::size_t depth_limit) {
  if (text.find_first_not_of(" \t\r\n") == text.npos) {
    parsed_ = json_document::nothing();
  } else {
    auto parsed = json_document::parse(text, depth_limit);
    if (parsed.has_error()) return error.fail(parsed.error().message);
    parsed_ = std::move(*parsed);
  }
  at_ = 0;
  return true;
}

json_node const& json_reader::node() const noexcept { return parsed_->node(at_); }
std::string_view json_reader::characters() const noexcept { return parsed_->text(node()); }

item json_reader::next() const noexcept { return node().kind; }

bool json_reader::boolean(bool& out) {
  if (next() != item::boolean) return mismatch("true or false", number_name<bool>());
  out = node().truth;
  return true;
}

bool json_reader::numeric(number& out) {
  if (next() != item::number) return mismatch("a number");
  auto const digits = characters();
  // -0 is a double, whose sign it keeps.
  if (is_integer_text(digits) && digits != "-0" && whole_number(digits, out)) return true;
  double value = 0;
  if (!real(value, number_name<double>())) return false;
  out = number::of(value);
  return true;
}

bool json_reader::whole(number& out, std::string_view type) {
  if (next() != item::number) return mismatch("a number", type);
  auto const digits = characters();
  if (whole_number(digits, out)) return true;
  auto why = "number " + shortened(digits, most_shown) + " does not fit " + std::string(type) + " exactly";
  if (is_integer_text(digits)) why += ": it is beyond 64 bits";
  return error.fail(std::move(why));
}

template <class T>
bool json_reader::real_as(T& out, std::string_view type) {
  if (next() != item::number) return mismatch("a number", type);
  if (nearest_number(characters(), out)) return true;
  return error.fail("number " + shortened(characters(), most_shown) + " is beyond the largest " + std::string(type));
}
template bool json_reader::real_as(float&, std::string_view);
template bool json_reader::real_as(double&, std::string_view);

bool json_reader::text(std::string_view& out) {
  if (next() != item::text) return mismatch("text");
  out = characters();
  return true;
}

bool json_reader::begin_list(frame& out) {
  if (next() != item::list) return mismatch("a list");
  out = {node().size, at_ + 1};
  return true;
}

bool json_reader::begin_map(frame& out) {
  if (next() != item::map) return mismatch("an object");
  out = {node().size, at_ + 1};
  return true;
}

void json_reader::element(frame& list, std::size_t) noexcept {
  at_ = list.next;
  list.next = node().end;
}

bool json_reader::key(frame& map, std::size_t, std::string_view& out) {
  at_ = map.next;
  out = characters();
  ++at_;
  map.next = node().end;
  return true;
}

bool json_reader::mismatch(std::string_view expected) {
  constexpr std::string_view names[] = {"end of input", "null",  "true or false", "a number",
                                        "text",         "bytes", "a list",        "an object"};
  return error.mismatch(names[static_cast<std::size_t>(next())], expected, {});
}

bool json_reader::mismatch(std::string_view expected, std::string_view type) {
  switch (next()) {
    case item::boolean:
      return error.mismatch(node().truth ? "true" : "false", expected, type);
    case item::number:
      return error.mismatch("number " + shortened(characters(), most_shown), expected, type);
    case item::text:
      return error.mismatch("text \"" + printable(characters(), most_shown) + '"', expected, type);
    case item::null:
      return error.mismatch("null", expected, type);
    default:
      return error.mismatch(next() == item::list ? "a list" : "an object", expected, type);
  }
}

}  // namespace dist
