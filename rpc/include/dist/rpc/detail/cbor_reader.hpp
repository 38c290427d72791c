#pragma once

#include <dist/rpc/detail/buffer.hpp>
#include <dist/rpc/detail/cbor.hpp>
#include <dist/rpc/detail/text.hpp>
#include <dist/rpc/detail/value_error.hpp>
#include <string_view>

namespace dist {

/// Reads CBOR (RFC 8949) without copying or recursion. Lengths are checked against the bytes that are left before
/// anything is allocated for them; indefinite lengths are rejected; unknown tags are skipped. Functions that can fail
/// return false and leave the reason in `error`.
class cbor_reader {
 public:
  static constexpr bool native_keys = true;      ///< maps may have keys of any type
  static constexpr bool text_lives = true;       ///< text and bytes live as long as the input
  static constexpr bool ignores_unknown = true;  ///< unknown members are skipped
  static constexpr std::string_view number_noun = {};  ///< the noun for a number in messages; empty: its kind

  /// A list or map that is being read.
  struct frame {
    std::size_t count = 0;
  };

  cbor_reader(std::span<std::byte const> in, std::size_t depth_limit) noexcept
      : start_(in.data()), at_(in.data()), end_(in.data() + in.size()), limit_(depth_limit), depth_left_(depth_limit) {}

  item next() noexcept {
    if (at_ == end_) return item::end;
    auto initial = std::to_integer<unsigned>(*at_);
    switch (initial >> 5) {
      case 0:
      case 1:
        return item::number;
      case 2:
        return item::bytes;
      case 3:
        return item::text;
      case 4:
        return item::list;
      case 5:
        return item::map;
      case 6:
        return next_tagged();
      default:
        return next_simple(initial);
    }
  }
  bool at_end() const noexcept { return at_ == end_; }
  std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at_); }

  /// Consumes a null, if there is one.
  bool take_null() noexcept {
    if (next() != item::null) return false;
    ++at_;
    return true;
  }
  bool boolean(bool& out) {
    if (next() != item::boolean) return mismatch("true or false", number_name<bool>());
    out = *at_++ == std::byte{0xf5};
    return true;
  }
  /// A number for no type of its own.
  bool numeric(number& out) {
    if (next() != item::number) return mismatch("a number");
    return take_number(out);
  }
  /// A number that must be an integer; `type` is the type it is read for.
  bool whole(number& out, std::string_view type) {
    if (next() != item::number) return mismatch("a number", type);
    return take_number(out);
  }
  template <std::floating_point T>
  bool real(T& out, std::string_view type) {
    number value;
    if (!whole(value, type)) return false;
    return to_exact(value, out) || error.fail(no_fit(value, type));
  }
  bool text(std::string_view& out) {
    if (next() != item::text) return mismatch("text");
    std::span<std::byte const> content;
    if (!string(content)) return false;
    out = as_text(content);
    auto bad = find_invalid_utf8(out);
    return bad == out.npos || error.not_utf8(bad);
  }
  bool bytes(std::span<std::byte const>& out) { return next() == item::bytes ? string(out) : mismatch("bytes"); }
  bool array(typed_array& out);

  bool begin_list(frame& out) { return next() == item::list ? begin(out, 1) : mismatch("a list"); }
  bool begin_map(frame& out) { return next() == item::map ? begin(out, 2) : mismatch("a map"); }
  void element(frame&, std::size_t) noexcept {}
  /// The name of a map's member; its value comes next.
  bool key(frame&, std::size_t, std::string_view& out) { return text(out); }
  void end(frame&) noexcept { ++depth_left_; }

  /// Passes over one value of any kind.
  bool skip();
  [[gnu::cold]] bool mismatch(std::string_view expected);
  /// Reports what was found and the expected type.
  [[gnu::cold]] bool mismatch(std::string_view expected, std::string_view type);

  value_error error;

 private:
  std::string_view noun_of_next() noexcept;
  bool take_number(number& out) {
    auto initial = std::to_integer<unsigned>(*at_);
    if (initial < 0x18) {
      ++at_;
      out = number::of(std::uint64_t{initial});
      return true;
    }
    return wide_number(initial, out);
  }
  item next_tagged() noexcept;
  item next_simple(unsigned initial) noexcept;
  bool wide_number(unsigned initial, number& out);
  /// The argument of the head at at_, which it passes over.
  bool argument(std::uint64_t& out) {
    auto info = std::to_integer<unsigned>(*at_) & 31;
    if (info >= 24) return wide_argument(info, out);
    ++at_;
    out = info;
    return true;
  }
  bool wide_argument(unsigned info, std::uint64_t& out);
  bool string(std::span<std::byte const>& out) {
    std::uint64_t size = 0;
    if (!argument(size)) return false;
    if (size > left()) return too_short(size, "bytes");
    out = {at_, static_cast<std::size_t>(size)};
    at_ += size;
    return true;
  }
  bool begin(frame& out, std::size_t items_each) {
    std::uint64_t count = 0;
    if (depth_left_ == 0) return error.too_deep(limit_);
    if (!argument(count)) return false;
    if (count > left() / items_each) return too_short(count, items_each == 1 ? "elements" : "members");
    --depth_left_;
    out.count = static_cast<std::size_t>(count);
    return true;
  }
  [[gnu::cold]] bool too_short(std::uint64_t announced, std::string_view what);
  [[gnu::cold]] bool fail_here(std::string_view what);

  std::byte const* start_;
  std::byte const* at_;
  std::byte const* end_;
  std::size_t limit_;
  std::size_t depth_left_;
};

}  // namespace dist
