#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace dist {

/// How member names are written: as declared, or `check_n` as `CheckN` for Go peers. Reading always takes both.
enum class spelling : std::uint8_t { declared = 0, go = 1 };

constexpr char to_upper(char c) noexcept { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

/// Calls `put` with each character of the Go spelling of `declared`.
template <class Put>
constexpr void spell_for_go(std::string_view declared, Put put) {
  bool starts_word = true;
  for (char c : declared) {
    if (c == '_') {
      starts_word = true;
      continue;
    }
    put(starts_word ? to_upper(c) : c);
    starts_word = false;
  }
}

/// `check_n` is `CheckN`, `start` is `Start`.
inline std::string go_spelling(std::string_view declared) {
  std::string spelled;
  spell_for_go(declared, [&](char c) { spelled += c; });
  return spelled;
}

/// Go matches member names without regard to case, so `checkn` is `check_n` too.
constexpr bool is_go_spelling(std::string_view candidate, std::string_view declared) noexcept {
  std::size_t at = 0;
  bool same = true;
  spell_for_go(declared, [&](char c) {
    same = same && at < candidate.size() && to_upper(candidate[at]) == to_upper(c);
    ++at;
  });
  return same && at == candidate.size() && at != 0;
}

/// Whether two declared names cannot be told apart by a Go peer.
constexpr bool go_collide(std::string_view one, std::string_view other) noexcept {
  std::array<char, 256> spelled{};
  std::size_t size = 0;
  spell_for_go(one, [&](char c) {
    if (size < spelled.size()) spelled[size++] = c;
  });
  return is_go_spelling({spelled.data(), size}, other);
}

/// The Go spelling of a member's name, made at compile time; `Named::name` is the declared one.
template <class Named>
class go_name {
  static constexpr std::string_view declared_ = Named::name;
  static constexpr std::size_t size_ = [] {
    std::size_t size = 0;
    spell_for_go(declared_, [&](char) { ++size; });
    return size;
  }();
  static constexpr auto spelled_ = [] {
    std::array<char, size_ + 1> spelled{};
    std::size_t at = 0;
    spell_for_go(declared_, [&](char c) { spelled[at++] = c; });
    return spelled;
  }();

 public:
  static constexpr std::string_view value{spelled_.data(), size_};
};

}  // namespace dist
