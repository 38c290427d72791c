#include <dist/rpc/http.hpp>
#include <dist/rpc/limits.hpp>

#include "fuzz.hpp"
#include "wire/dialect.hpp"

// Dialect detection and HTTP requests: however the bytes arrive, the same requests come out, and a parsed request can
// be written and parsed again.

namespace {

using namespace dist;

limits small_limits() {
  limits made;
  made.http_head_bytes = 4096;
  made.message_bytes = 1 << 16;
  return made;
}

/// One connection's requests as text, until one is rejected or the dialect differs. The time of rejection is not
/// compared: the parser sees more of a complete head than of one that is still arriving.
class reading {
 public:
  explicit reading(limits const& bounds) : parser_(bounds) {}

  void feed(std::span<std::byte const> bytes) {
    while (!bytes.empty() && !over_) {
      auto const used = parser_.push(bytes);
      if (parser_.state() == parse_state::failed) return refuse();
      fuzz::require(used > 0 || parser_.state() == parse_state::done, "the parser makes no progress");
      bytes = bytes.subspan(used);
      if (parser_.state() == parse_state::done) note(parser_.take_request());
    }
  }
  std::string const& text() const noexcept { return text_; }

 private:
  void refuse() {
    over_ = true;
    fuzz::require(parser_.status() >= 400 && parser_.status() < 600, "a rejection with a status that is not an error");
    fuzz::require(!parser_.message().empty(), "a rejection without a reason");
  }
  void note(http_request const& request) {
    text_ += request.method + ' ' + request.path + '\n' + request.body + '\n' + request.upgrade + '\n';
    for (auto const& [name, value] : request.headers.fields()) text_ += name + ':' + value + '\n';
    for (auto const& [name, value] : request.query) text_ += name + '=' + value + '\n';
    // Bytes after an upgrade are not HTTP.
    over_ = !request.upgrade.empty() || !request.keep_alive;
    to_text(request).clear();
  }

  http_request_parser parser_;
  std::string text_;
  bool over_ = false;
};

}  // namespace

int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto const input = fuzz::bytes_of(data, size);
  sniff(input).looks_like.clear();
  if (auto const query = parse_query(as_text(input)))
    for (auto const& [name, value] : *query) {
      auto const again = parse_query(percent_encode(name) + '=' + percent_encode(value));
      fuzz::require(again && again->size() == 1 && again->front() == std::pair(name, value),
                    "a query that changes when written and read");
    }
  auto const bounds = small_limits();
  reading whole(bounds);
  whole.feed(input);
  reading pieces(bounds);
  fuzz::in_pieces(input, [&](auto piece) { pieces.feed(piece); });
  fuzz::require(whole.text() == pieces.text(), "different requests from pieces:\n" + whole.text() + "\n---\n" + pieces.text());
  return 0;
}
