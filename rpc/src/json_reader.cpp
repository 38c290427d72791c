#include <dist/rpc/json_reader.hpp>

#include <dist/rpc/json.hpp>

namespace dist {

bool json_reader::open(std::string_view text, std::size_t depth_limit) {
  if (text.find_first_not_of(" \t\r\n") == text.npos) {
    parsed_ = std::make_shared<boost::json::value const>(nullptr);
  } else {
    auto parsed = parse_json(text, depth_limit);
    if (parsed.has_error()) return error.fail(parsed.error().message);
    parsed_ = std::make_shared<boost::json::value const>(std::move(*parsed));
  }
  at_ = parsed_.get();
  return true;
}

item json_reader::next() const noexcept {
  switch (at_->kind()) {
    case boost::json::kind::null:
      return item::null;
    case boost::json::kind::bool_:
      return item::boolean;
    case boost::json::kind::int64:
    case boost::json::kind::uint64:
    case boost::json::kind::double_:
      return item::number;
    case boost::json::kind::string:
      return item::text;
    case boost::json::kind::array:
      return item::list;
    case boost::json::kind::object:
      return item::map;
  }
  return item::other;
}

bool json_reader::boolean(bool& out) {
  if (!at_->is_bool()) return mismatch("true or false");
  out = at_->get_bool();
  return true;
}

bool json_reader::numeric(number& out) {
  if (auto const* integer = at_->if_int64())
    out = *integer < 0 ? number::of_negative(*integer) : number::of(static_cast<std::uint64_t>(*integer));
  else if (auto const* natural = at_->if_uint64())
    out = number::of(*natural);
  else if (auto const* floating = at_->if_double())
    out = number::of(*floating);
  else
    return mismatch("a number");
  return true;
}

bool json_reader::text(std::string_view& out) {
  auto const* string = at_->if_string();
  if (!string) return mismatch("text");
  out = {string->data(), string->size()};
  return true;
}

bool json_reader::begin_list(frame& out) {
  auto const* list = at_->if_array();
  if (!list) return mismatch("a list");
  out = {list->size(), at_};
  return true;
}

bool json_reader::begin_map(frame& out) {
  auto const* object = at_->if_object();
  if (!object) return mismatch("an object");
  out = {object->size(), at_};
  return true;
}

void json_reader::element(frame& list, std::size_t index) noexcept { at_ = &list.of->get_array()[index]; }

bool json_reader::key(frame& map, std::size_t index, std::string_view& out) {
  auto const& member = *(map.of->get_object().begin() + static_cast<std::ptrdiff_t>(index));
  out = {member.key().data(), member.key().size()};
  at_ = &member.value();
  return true;
}

bool json_reader::mismatch(std::string_view expected) {
  constexpr std::string_view names[] = {"the end", "null",  "true or false", "a number",
                                        "text",    "bytes", "a list",        "an object"};
  std::string text(names[static_cast<std::size_t>(next())]);
  return error.fail(text.append(" where ").append(expected).append(" belongs"));
}

}  // namespace dist
