#pragma once

#include <dist/rpc/detail/codec.hpp>
#include <dist/rpc/detail/type_text.hpp>

#include "fuzz.hpp"
#include "support/all_kinds.hpp"

namespace dist::fuzz {

inline constexpr std::size_t depth = 32;

/// A value that was read must survive writing and reading in both codecs.
template <class T>
void round_trip(T const& value) {
  for (auto const how : {codec::cbor, codec::json}) {
    buffer first;
    // Text that is not UTF-8 cannot be written as JSON.
    if (!encode_result(how, spelling::declared, first, value).empty()) continue;
    T again{};
    auto const problem = decode_result(how, first.bytes(), written_depth, again);
    require(problem.empty(), "a written value cannot be read: " + problem);
    buffer second;
    require(encode_result(how, spelling::declared, second, again).empty(), "a value read again cannot be written");
    require(first.text() == second.text(), "a value changed by writing and reading");
  }
}

template <class T>
void read_as(codec how, std::span<std::byte const> bytes) {
  T value{};
  if (decode_result(how, bytes, depth, value).empty()) round_trip(value);
}

template <class... A>
void read_arguments(codec how, std::span<std::byte const> bytes) {
  std::tuple<A...> arguments;
  value_store store;
  decode_arguments(how, bytes, depth, arguments, store).clear();
}

/// Reads the bytes as values of many types, as arguments, and transcodes them into the other codec.
inline void read_values(codec how, std::span<std::byte const> bytes) {
  using namespace dist::test;
  read_as<most>(how, bytes);
  read_as<tree>(how, bytes);
  read_as<std::vector<double>>(how, bytes);
  read_as<std::vector<std::vector<std::int16_t>>>(how, bytes);
  read_as<std::map<std::int32_t, std::vector<std::string>>>(how, bytes);
  read_as<std::variant<std::monostate, bool, std::uint64_t, float, std::string>>(how, bytes);
  read_as<std::vector<std::uint8_t>>(how, bytes);
  read_as<std::optional<std::int64_t>>(how, bytes);
  read_as<color>(how, bytes);
  read_arguments<>(how, bytes);
  read_arguments<range>(how, bytes);
  read_arguments<std::span<double const>, std::string_view>(how, bytes);

  auto const other = how == codec::cbor ? codec::json : codec::cbor;
  buffer there;
  if (!transcode(how, bytes, depth, other, there).empty()) return;
  buffer back;
  auto const problem = transcode(other, there.bytes(), written_depth, how, back);
  require(problem.empty(), "a transcoded value cannot be read: " + problem);
}

}  // namespace dist::fuzz
