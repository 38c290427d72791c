#include <dist/rpc/detail/codec.hpp>

namespace dist {

std::size_t find_member(std::string_view name, std::string_view const* names, std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i)
    if (names[i] == name) return i;
  for (std::size_t i = 0; i < count; ++i)
    if (is_go_spelling(name, names[i])) return i;
  return count;
}

std::string bytes_behind(std::size_t count) { return std::to_string(count) + " bytes after the last value"; }

std::string encode_void(codec how, spelling names, buffer& out) {
  if (how == codec::cbor) {
    cbor_writer(out, written_depth).null();
  } else if (names == spelling::go) {
    json_writer(out, written_depth).boolean(true);
  } else {
    json_writer(out, written_depth).null();
  }
  return {};
}

}  // namespace dist
