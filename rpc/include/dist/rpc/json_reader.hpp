#pragma once

#include <boost/json/fwd.hpp>
#include <dist/rpc/cbor.hpp>
#include <dist/rpc/value_error.hpp>
#include <memory>
#include <string_view>

namespace dist {

/// Walks over parsed JSON with the interface of cbor_reader. Copies are cheap and share the parsed text.
class json_reader {
 public:
  static constexpr bool native_keys = false;
  static constexpr bool text_lives = false;
  static constexpr bool exact_floats = false;
  static constexpr bool ignores_unknown = false;

  /// A list or object that is being read.
  struct frame {
    std::size_t count = 0;
    boost::json::value const* of = nullptr;
  };

  /// Parses the whole text; an empty one is `absent`. False leaves the reason in `error`.
  bool open(std::string_view text, std::size_t depth_limit);

  item next() const noexcept;
  /// The value that comes next.
  boost::json::value const& value() const noexcept { return *at_; }
  bool take_null() const noexcept { return next() == item::null; }
  bool boolean(bool& out);
  bool numeric(number& out);
  bool text(std::string_view& out);
  bool bytes(std::span<std::byte const>&) { return mismatch("bytes"); }
  bool array(typed_array&) { return mismatch("a typed array"); }
  bool begin_list(frame& out);
  bool begin_map(frame& out);
  void element(frame& list, std::size_t index) noexcept;
  bool key(frame& map, std::size_t index, std::string_view& out);
  void end(frame&) noexcept {}
  bool skip() const noexcept { return true; }
  [[gnu::cold]] bool mismatch(std::string_view expected);

  value_error error;

 private:
  std::shared_ptr<boost::json::value const> parsed_;
  boost::json::value const* at_ = nullptr;
};

/// Whether a decimal number is what a float is written as: exactly its value, or the shortest text that reads back as
/// it.
bool float_from_decimal(number value, float& out) noexcept;

}  // namespace dist
