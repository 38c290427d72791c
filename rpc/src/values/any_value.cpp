#include <dist/rpc/detail/codec.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

namespace dist {

namespace {

template <class Writer>
bool encode_any_with(Writer& out, boost::json::value const& value) {
  switch (value.kind()) {
    case boost::json::kind::null:
      return out.null(), true;
    case boost::json::kind::bool_:
      return out.boolean(value.get_bool()), true;
    case boost::json::kind::int64:
      return out.integer(value.get_int64()), true;
    case boost::json::kind::uint64:
      return out.integer(value.get_uint64()), true;
    case boost::json::kind::double_:
      return out.floating(value.get_double()), true;
    case boost::json::kind::string: {
      std::string_view const text(value.get_string().data(), value.get_string().size());
      auto const bad = find_invalid_utf8(text);
      return bad == text.npos ? (out.text(text), true) : out.error.not_utf8(bad);
    }
    case boost::json::kind::array: {
      std::size_t at = 0;
      if (!out.begin_list(value.get_array().size())) return false;
      for (auto const& part : value.get_array()) {
        out.element();
        if (!encode_any_with(out, part)) return out.error.in_element(at);
        ++at;
      }
      out.end_list();
      return true;
    }
    case boost::json::kind::object: {
      if (!out.begin_map(value.get_object().size())) return false;
      for (auto const& member : value.get_object()) {
        std::string_view const name(member.key().data(), member.key().size());
        auto const bad = find_invalid_utf8(name);
        if (bad != name.npos) return out.error.not_utf8(bad);
        out.key(name);
        if (!encode_any_with(out, member.value())) return out.error.in_member(name);
      }
      out.end_map();
      return true;
    }
  }
  return false;
}

boost::json::string to_json_string(std::string_view text) { return boost::json::string(text.data(), text.size()); }

boost::json::value to_json(number value) {
  if (value.is == number::kind::natural) {
    if (value.bits <= INT64_MAX) return static_cast<std::int64_t>(value.bits);
    return value.bits;
  }
  if (value.is == number::kind::negative) return value.negative();
  if (!std::isfinite(value.floating())) return to_json_string(floating_text(value.floating()));
  return value.floating();
}

template <class Reader>
bool decode_list(Reader& in, boost::json::array& out) {
  typename Reader::frame list;
  if (!in.begin_list(list)) return false;
  for (std::size_t at = 0; at < list.count; ++at) {
    in.element(list, at);
    if (!decode_any(in, out.emplace_back(nullptr))) return in.error.in_element(at);
  }
  in.end(list);
  return true;
}

/// A map with text keys is an object, another one a list of pairs, as the JSON writer has it.
bool decode_map(cbor_reader& in, boost::json::value& out) {
  cbor_reader::frame map;
  if (!in.begin_map(map)) return false;
  boost::json::object object;
  boost::json::array pairs;
  for (std::size_t at = 0; at < map.count; ++at) {
    if (in.next() == item::text && pairs.empty()) {
      std::string_view name;
      if (!in.text(name)) return in.error.in_element(at);
      auto const [member, is_new] = object.emplace(boost::json::string_view(name.data(), name.size()), nullptr);
      if (!is_new) return in.error.fail("member " + shortened(name) + " twice");
      if (!decode_any(in, member->value())) return in.error.in_member(name);
      continue;
    }
    if (!object.empty()) return in.error.fail("a map with keys of different types, which JSON cannot represent");
    boost::json::array pair(2);
    if (!decode_any(in, pair[0]) || !decode_any(in, pair[1])) return in.error.in_element(at);
    pairs.push_back(std::move(pair));
  }
  in.end(map);
  if (pairs.empty())
    out = std::move(object);
  else
    out = std::move(pairs);
  return true;
}

bool decode_object(json_reader& in, boost::json::object& out) {
  json_reader::frame map;
  if (!in.begin_map(map)) return false;
  out.reserve(map.count);
  for (std::size_t at = 0; at < map.count; ++at) {
    std::string_view name;
    in.key(map, at, name);
    auto const [member, is_new] = out.emplace(boost::json::string_view(name.data(), name.size()), nullptr);
    if (!is_new) return in.error.fail("member " + shortened(name) + " twice");
    if (!decode_any(in, member->value())) return in.error.in_member(name);
  }
  return true;
}

}  // namespace

bool encode_any(cbor_writer& out, boost::json::value const& value) { return encode_any_with(out, value); }
bool encode_any(json_writer& out, boost::json::value const& value) { return encode_any_with(out, value); }

bool decode_any(json_reader& in, boost::json::value& out) {
  std::string_view text;
  switch (in.next()) {
    case item::boolean:
      return in.boolean(out.emplace_bool());
    case item::number: {
      number value;
      if (!in.numeric(value)) return false;
      out = to_json(value);
      return true;
    }
    case item::text:
      in.text(text);
      out = to_json_string(text);
      return true;
    case item::list:
      return decode_list(in, out.emplace_array());
    case item::map:
      return decode_object(in, out.emplace_object());
    default:
      out = nullptr;
      return true;
  }
}

bool decode_any(cbor_reader& in, boost::json::value& out) {
  switch (in.next()) {
    case item::null:
      return out = nullptr, in.take_null();
    case item::boolean:
      return in.boolean(out.emplace_bool());
    case item::number: {
      number value;
      if (!in.numeric(value)) return false;
      out = to_json(value);
      return true;
    }
    case item::text: {
      std::string_view text;
      if (!in.text(text)) return false;
      out = to_json_string(text);
      return true;
    }
    case item::bytes: {
      std::span<std::byte const> bytes;
      if (!in.bytes(bytes)) return false;
      out = to_json_string(to_base64(bytes));
      return true;
    }
    case item::typed_array: {
      typed_array array;
      if (!in.array(array)) return false;
      auto& list = out.emplace_array();
      for (std::size_t at = 0; at < array.count(); ++at) list.push_back(to_json(array.get(at)));
      return true;
    }
    case item::list:
      return decode_list(in, out.emplace_array());
    case item::map:
      return decode_map(in, out);
    default:
      return in.mismatch("a value");
  }
}

std::string transcode(codec from, std::span<std::byte const> in, std::size_t depth_limit, codec to, buffer& out) {
  boost::json::value value;
  auto error = decode_result(from, in, depth_limit, value);
  return error.empty() ? encode_result(to, spelling::declared, out, value) : error;
}

}  // namespace dist
