#pragma once

#include <cstddef>
#include <cstdint>
#include <dist/rpc/detail/buffer.hpp>
#include <dist/rpc/detail/cbor_reader.hpp>
#include <dist/rpc/detail/cbor_writer.hpp>
#include <dist/rpc/detail/decode.hpp>
#include <dist/rpc/detail/encode.hpp>
#include <dist/rpc/detail/json_reader.hpp>
#include <dist/rpc/detail/json_writer.hpp>
#include <dist/rpc/detail/spelling.hpp>
#include <dist/rpc/detail/type_text.hpp>
#include <dist/rpc/detail/value_kind.hpp>
#include <dist/rpc/detail/value_store.hpp>
#include <dist/rpc/detail/value_type.hpp>
#include <span>
#include <string>
#include <tuple>

namespace dist {

/// How values are written between two peers.
enum class codec : std::uint8_t { cbor = 0, json = 1 };

/// Values nested deeper than this are not written; readers have their own limit, limits::depth.
inline constexpr std::size_t written_depth = 64;

template <class Writer, class... A>
std::string encode_arguments_with(spelling names, buffer& out, A const&... arguments) {
  Writer writer(out, written_depth);
  encoder<Writer> encode(writer, names);
  std::size_t at = 1;
  writer.begin_list(sizeof...(A));
  [[maybe_unused]] auto one = [&](auto const& argument) {
    writer.element();
    return encode(argument) && ++at != 0;
  };
  if (!(one(arguments) && ...)) return writer.error.text("argument", at);
  writer.end_list();
  return {};
}

/// Appends the list of arguments to `out`.
///
/// Errors   one sentence that names the argument and the member; what was appended by then must be discarded.
template <class... A>
std::string encode_arguments(codec how, spelling names, buffer& out, A const&... arguments) {
  if constexpr ((require_value_type<A>() && ...)) {
    return how == codec::cbor ? encode_arguments_with<cbor_writer>(names, out, arguments...)
                              : encode_arguments_with<json_writer>(names, out, arguments...);
  }
  return {};
}

template <class Reader, class... A>
std::string decode_arguments_with(Reader& reader, std::tuple<A...>& out, value_store& store) {
  decoder<Reader> decode(reader, &store);
  typename Reader::frame list;
  if (!reader.begin_list(list)) return reader.error.text("arguments");
  if (list.count != sizeof...(A)) return wrong_count(list.count, sizeof...(A), "argument");
  std::size_t at = 0;
  auto one = [&](auto& argument) {
    reader.element(list, at++);
    return decode(argument);
  };
  if (!std::apply([&](auto&... argument) { return (one(argument) && ...); }, out))
    return reader.error.text("argument", at);
  return {};
}

/// The input after a value, or nothing.
[[gnu::cold]] std::string bytes_behind(std::size_t count);

template <class... A>
std::string decode_json_arguments(json_reader& reader, std::tuple<A...>& out, value_store& store) {
  if constexpr (sizeof...(A) == 0) {
    if (reader.next() == item::null) return {};
    if (typename json_reader::frame none; reader.next() == item::map && reader.begin_map(none) && none.count == 0) return {};
  }
  if constexpr (sizeof...(A) == 1) {
    using only = std::tuple_element_t<0, std::tuple<A...>>;
    if constexpr (sent_kind<only>() == value_kind::described || sent_kind<only>() == value_kind::map) {
      if (reader.next() == item::map)
        return decoder<json_reader>(reader, &store)(std::get<0>(out)) ? std::string()
                                                                      : reader.error.text("argument", 1);
    }
  }
  return decode_arguments_with(reader, out, store);
}

/// Reads a list of arguments. JSON: `in` is the text of JSON-RPC's `params`; an object is taken for the only parameter
/// when that is a struct or a map; null, an empty object or no text are taken for no arguments.
///
/// Lives    views among `out` point into `in` or into `store`; both must outlive them.
/// Errors   one sentence that names the argument and the member; `out` is then in an unspecified state.
template <class... A>
std::string decode_arguments(codec how, std::span<std::byte const> in, std::size_t depth_limit, std::tuple<A...>& out,
                             value_store& store) {
  if constexpr ((require_readable_type<A>() && ...)) {
    if (how == codec::cbor) {
      cbor_reader reader(in, depth_limit);
      auto error = decode_arguments_with(reader, out, store);
      return error.empty() && !reader.at_end() ? bytes_behind(reader.left()) : error;
    }
    json_reader reader;
    if (!reader.open(as_text(in), depth_limit)) return reader.error.text("arguments");
    return decode_json_arguments(reader, out, store);
  }
  return {};
}

/// Appends one result to `out`.
template <class T>
std::string encode_result(codec how, spelling names, buffer& out, T const& value) {
  if constexpr (require_value_type<T>()) {
    if (how == codec::cbor) {
      cbor_writer writer(out, written_depth);
      return encoder<cbor_writer>(writer, names)(value) ? std::string() : writer.error.text("result");
    }
    json_writer writer(out, written_depth);
    return encoder<json_writer>(writer, names)(value) ? std::string() : writer.error.text("result");
  }
  return {};
}

/// Values that CBOR writes as a head and their elements as they are in memory, and that own these.
template <class T>
concept is_body =
    (kind_of<T>() == value_kind::sequence || kind_of<T>() == value_kind::bytes) && contiguous_sequence<T> &&
    !is_span<T> && !is_std_array<T> && (kind_of<T>() == value_kind::bytes || plain_number<typename T::value_type>);

/// The head of one result to `out`; returns what follows it, which views `value`.
template <is_body T>
std::span<std::byte const> encode_head(buffer& out, T const& value) {
  auto const body = std::as_bytes(std::span(value));
  cbor_writer writer(out, written_depth);
  if constexpr (kind_of<T>() == value_kind::sequence) writer.array_head<typename T::value_type>();
  writer.bytes_head(body.size());
  return body;
}

/// The result of a method that returns nothing: null, or `true` for Go peers, which take null for a failure.
std::string encode_void(codec how, spelling names, buffer& out);

/// Reads one result; views are refused.
template <class T>
std::string decode_result(codec how, std::span<std::byte const> in, std::size_t depth_limit, T& out) {
  static_assert(!is_span<T> && !std::is_same_v<T, std::string_view>,
                "dist: a view cannot be a result; return what owns its elements");
  if constexpr (require_readable_type<T>()) {
    if (how == codec::cbor) {
      cbor_reader reader(in, depth_limit);
      if (!decoder<cbor_reader>(reader, nullptr)(out)) return reader.error.text("result");
      return reader.at_end() ? std::string() : bytes_behind(reader.left());
    }
    json_reader reader;
    if (!reader.open(as_text(in), depth_limit)) return reader.error.text("result");
    return decoder<json_reader>(reader, nullptr)(out) ? std::string() : reader.error.text("result");
  }
  return {};
}

/// Carries a value, or a list of arguments, from one codec to the other without knowing its type: exact, with bytes as
/// base64 and "NaN" as text in JSON, which readers convert back.
std::string transcode(codec from, std::span<std::byte const> in, std::size_t depth_limit, codec to, buffer& out);

}  // namespace dist
