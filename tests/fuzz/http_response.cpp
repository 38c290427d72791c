#include <dist/rpc/http.hpp>
#include <dist/rpc/limits.hpp>

#include "fuzz.hpp"

// HTTP responses, as a node reads those of its master: however the bytes arrive, the same response comes out.

namespace {

using namespace dist;

class reading {
 public:
  explicit reading(limits const& bounds) : parser_(bounds) {}

  void feed(std::span<std::byte const> bytes) {
    while (!bytes.empty() && parser_.state() == parse_state::need_more) {
      auto const used = parser_.push(bytes);
      fuzz::require(used > 0 || parser_.state() != parse_state::need_more, "the parser makes no progress");
      bytes = bytes.subspan(used);
    }
  }
  std::string end() {
    if (parser_.state() == parse_state::need_more) parser_.finish();
    if (parser_.state() != parse_state::done) {
      fuzz::require(!parser_.message().empty(), "a rejection without a reason");
      return "refused";
    }
    auto const response = parser_.take_response();
    auto text = std::to_string(response.status) + '\n' + response.body + '\n';
    for (auto const& [name, value] : response.headers.fields()) text += name + ':' + value + '\n';
    return text;
  }

 private:
  http_response_parser parser_;
};

}  // namespace

int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto const input = fuzz::bytes_of(data, size);
  limits bounds;
  bounds.http_head_bytes = 4096;
  bounds.message_bytes = 1 << 16;
  reading whole(bounds);
  whole.feed(input);
  reading pieces(bounds);
  fuzz::in_pieces(input, [&](auto piece) { pieces.feed(piece); });
  auto const one = whole.end();
  auto const other = pieces.end();
  fuzz::require(one == other, "different response from pieces:\n" + one + "\n---\n" + other);
  return 0;
}
