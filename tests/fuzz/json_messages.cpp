#include <dist/rpc/limits.hpp>

#include "fuzz.hpp"
#include "jsonrpc/jsonrpc.hpp"
#include "values/json_splitter.hpp"

// JSON-RPC over TCP: however the bytes arrive, the same messages are found, and each answer is itself a valid message.

namespace {

using namespace dist;

limits small_limits() {
  limits made;
  made.message_bytes = 1 << 16;
  made.batch_count = 100;
  return made;
}

/// The messages of one connection, and where it was given up.
class reading {
 public:
  explicit reading(limits const& bounds) : splitter_(bounds) {}

  void feed(std::span<std::byte const> bytes) {
    while (!bytes.empty() && !over_) {
      auto const used = splitter_.push(bytes);
      bytes = bytes.subspan(used);
      switch (splitter_.state()) {
        case parse_state::need_more:
          fuzz::require(bytes.empty(), "the splitter leaves bytes");
          break;
        case parse_state::done:
          messages_.push_back(splitter_.take_message());
          break;
        case parse_state::failed:
          fuzz::require(!splitter_.message().empty(), "a rejection without a reason");
          messages_.push_back("refused");
          if (splitter_.can_skip())
            splitter_.skip();
          else
            over_ = true;
          break;
      }
    }
  }
  std::vector<std::string> const& messages() const noexcept { return messages_; }

 private:
  json_splitter splitter_;
  std::vector<std::string> messages_;
  bool over_ = false;
};

std::string answer_to(rpc_item const& item) {
  if (auto const* request = std::get_if<rpc_request>(&item))
    return request->is_notification() ? std::string() : write_error(*request, make_fault(errc::unknown_method, "no \"x\""));
  if (auto const* invalid = std::get_if<rpc_invalid>(&item)) return write_error(*invalid);
  auto const& reply = std::get<rpc_reply>(item);
  if (reply.error) to_fault(*reply.error).message.clear();
  return {};
}

void answer(std::string const& message, limits const& bounds) {
  for (auto const& item : parse_rpc(message, bounds).items) {
    auto const text = answer_to(item);
    if (text.empty()) continue;
    auto const again = parse_rpc(text, bounds);
    fuzz::require(again.items.size() == 1 && std::holds_alternative<rpc_reply>(again.items.front()),
                  "an invalid answer: " + text + "\nto " + message);
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto const input = fuzz::bytes_of(data, size);
  auto const bounds = small_limits();
  reading whole(bounds);
  whole.feed(input);
  reading pieces(bounds);
  fuzz::in_pieces(input, [&](auto piece) { pieces.feed(piece); });
  fuzz::require(whole.messages() == pieces.messages(), "different messages from pieces");
  for (auto const& message : whole.messages()) answer(message, bounds);
  return 0;
}
