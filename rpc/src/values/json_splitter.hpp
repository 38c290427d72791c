#pragma once

#include <cstddef>
#include <dist/rpc/http.hpp>
#include <dist/rpc/limits.hpp>
#include <span>
#include <string>
#include <string_view>

namespace dist {

/// Levels that a JSON-RPC message adds around a value: batch, request, params.
inline constexpr std::size_t envelope_depth = 3;

/// Finds the end of each top-level object or array in a stream of JSON texts, without validating the content.
///
/// Each byte is read once. After `done` take the message: the splitter then starts over. After `failed` answer the
/// error; if the message can be skipped, `skip()` drops the rest of it as it arrives, up to the next one.
class json_splitter {
 public:
  explicit json_splitter(limits const& limits);

  /// For the messages from here on.
  void limit_message(std::size_t bytes) noexcept { bytes_limit_ = bytes; }

  /// How many bytes were used; those after the end of a message are not.
  std::size_t push(std::span<std::byte const> bytes);

  parse_state state() const noexcept { return state_; }
  /// Whether there is a partial message.
  bool started() const noexcept { return open_count_ > 0; }
  std::string take_message();
  /// Bytes of the partial message.
  std::size_t held_bytes() const noexcept { return text_.size(); }
  /// Fails the partial message as if it were too long.
  void refuse(std::string why) {
    if (started() && !skipping_) fail(std::move(why), true);
  }

  std::string const& message() const noexcept { return message_; }
  bool can_skip() const noexcept { return can_skip_; }
  void skip() noexcept;

 private:
  /// How many bytes change nothing but the message's text.
  std::size_t plain_run(std::string_view text) const noexcept;
  void look_at(char c);
  void open(char closer);
  void close(char c);
  void fail(std::string message, bool can_skip);

  std::size_t depth_limit_;
  std::size_t bytes_limit_;
  parse_state state_ = parse_state::need_more;
  std::string text_;
  std::string closers_;         // the closing bracket that each open level waits for
  std::size_t open_count_ = 0;  // levels open; the same as closers_.size() until the message is being skipped
  bool in_string_ = false;
  bool escaped_ = false;
  bool skipping_ = false;
  bool can_skip_ = false;
  std::string message_;
};

}  // namespace dist
