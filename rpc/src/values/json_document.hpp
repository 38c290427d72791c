#pragma once

#include <cstdint>
#include <dist/rpc/detail/cbor.hpp>
#include <dist/rpc/result.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dist {

/// One value of a JSON text. A list is followed by its elements, a map by a text and a value for each member.
struct json_node {
  item kind = item::null;
  bool truth = false;      ///< of a boolean
  std::uint32_t at = 0;    ///< of a text or a number: where its characters begin
  std::uint32_t size = 0;  ///< their number; of a list its elements, of a map its members
  std::uint32_t end = 0;   ///< the node after this one and its parts
};

/// A JSON text, parsed: its values in their order, its numbers as they are written.
class json_document {
 public:
  /// Errors   errc::protocol_error, which names the byte: not JSON, not UTF-8, a lone surrogate; errc::limit_exceeded:
  ///          nested deeper than `depth_limit`, longer than 4 GB.
  static result<std::shared_ptr<json_document const>> parse(std::string_view text, std::size_t depth_limit);
  /// null
  static std::shared_ptr<json_document const> nothing();

  json_node const& node(std::uint32_t at) const noexcept { return nodes_[at]; }
  std::string_view text(json_node const& of) const noexcept { return std::string_view(characters_).substr(of.at, of.size); }

 private:
  class builder;

  std::vector<json_node> nodes_;
  std::string characters_;
};

}  // namespace dist
