#include <dist/rpc/detail/codec.hpp>
#include <iostream>

#include "support/all_kinds.hpp"

// Reads and writes values for a test in another language. A line is a type's name and CBOR in hex; the answer is the
// same value in our CBOR, or `error` and the reason.

namespace {

using namespace dist;

std::string hex_of(buffer const& bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (auto const byte : bytes.bytes()) {
    auto const value = std::to_integer<unsigned>(byte);
    text += digits[value >> 4];
    text += digits[value & 15];
  }
  return text;
}

buffer bytes_of(std::string const& hex) {
  buffer bytes;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2)
    bytes.push_back(static_cast<std::byte>(std::stoi(hex.substr(at, 2), nullptr, 16)));
  return bytes;
}

template <class T>
std::string echo(buffer const& given) {
  T value{};
  if (auto const problem = decode_result(codec::cbor, given.bytes(), 64, value); !problem.empty())
    return "error " + problem;
  buffer written;
  if (auto const problem = encode_result(codec::cbor, spelling::declared, written, value); !problem.empty())
    return "error " + problem;
  return hex_of(written);
}

/// Transcoded to JSON and back, without a type.
std::string through_json(buffer const& given) {
  buffer json;
  if (auto const problem = transcode(codec::cbor, given.bytes(), 64, codec::json, json); !problem.empty())
    return "error " + problem;
  buffer written;
  if (auto const problem = transcode(codec::json, json.bytes(), 64, codec::cbor, written); !problem.empty())
    return "error " + problem;
  return hex_of(written);
}

std::string answer(std::string const& type, buffer const& given) {
  if (type == "all_kinds") return echo<test::most>(given);
  if (type == "int64") return echo<std::int64_t>(given);
  if (type == "uint64") return echo<std::uint64_t>(given);
  if (type == "double") return echo<double>(given);
  if (type == "float") return echo<float>(given);
  if (type == "text") return echo<std::string>(given);
  if (type == "bytes") return echo<std::vector<std::uint8_t>>(given);
  if (type == "doubles") return echo<std::vector<double>>(given);
  if (type == "floats") return echo<std::vector<float>>(given);
  if (type == "int16s") return echo<std::vector<std::int16_t>>(given);
  if (type == "uint32s") return echo<std::vector<std::uint32_t>>(given);
  if (type == "any") return through_json(given);
  return "error no type " + type;
}

}  // namespace

int main() {
  std::cout << "ready" << std::endl;
  std::string type;
  for (std::string hex; std::cin >> type >> hex;) std::cout << answer(type, bytes_of(hex)) << std::endl;
}
