#pragma once

#include <cstdint>
#include <dist/rpc/detail/cbor.hpp>
#include <dist/rpc/detail/value_error.hpp>
#include <memory>
#include <string_view>

namespace dist {

class json_document;
struct json_node;

/// Walks over parsed JSON with the interface of cbor_reader. Copies are cheap and share the parsed text.
class json_reader {
 public:
  static constexpr bool native_keys = false;
  static constexpr bool text_lives = false;
  static constexpr bool ignores_unknown = false;
  static constexpr std::string_view number_noun = "number";

  /// A list or object that is being read.
  struct frame {
    std::size_t count = 0;
    std::uint32_t next = 0;  ///< where its next element or member is
  };

  json_reader() noexcept = default;
  explicit json_reader(std::shared_ptr<json_document const> parsed) noexcept : parsed_(std::move(parsed)) {}

  /// Parses the whole text; an empty one is null. False leaves the reason in `error`.
  bool open(std::string_view text, std::size_t depth_limit);

  item next() const noexcept;
  bool take_null() const noexcept { return next() == item::null; }
  bool boolean(bool& out);
  /// A number for no type of its own: an integer where 64 bits hold it, else the nearest double.
  bool numeric(number& out);
  /// Exactly an integer of 64 bits; `type` is the type it is read for.
  bool whole(number& out, std::string_view type);
  /// The nearest value.
  bool real(float& out, std::string_view type) { return real_as(out, type); }
  bool real(double& out, std::string_view type) { return real_as(out, type); }
  bool text(std::string_view& out);
  bool bytes(std::span<std::byte const>&) { return mismatch("bytes"); }
  bool array(typed_array&) { return mismatch("a typed array"); }
  bool begin_list(frame& out);
  bool begin_map(frame& out);
  /// One after the other.
  void element(frame& list, std::size_t index) noexcept;
  bool key(frame& map, std::size_t index, std::string_view& out);
  void end(frame&) noexcept {}
  bool skip() const noexcept { return true; }
  [[gnu::cold]] bool mismatch(std::string_view expected);
  /// Reports what was found and the expected type.
  [[gnu::cold]] bool mismatch(std::string_view expected, std::string_view type);

  value_error error;

 private:
  template <class T>
  bool real_as(T& out, std::string_view type);
  json_node const& node() const noexcept;
  std::string_view characters() const noexcept;

  std::shared_ptr<json_document const> parsed_;
  std::uint32_t at_ = 0;
};

}  // namespace dist
