#include "values/json_splitter.hpp"

#include <dist/rpc/detail/buffer.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace dist {
namespace {

/// The bytes that can change the splitter's state.
using byte_set = std::array<bool, 256>;
constexpr byte_set set_of(std::string_view bytes) {
  byte_set made{};
  for (auto const c : bytes) made[static_cast<unsigned char>(c)] = true;
  return made;
}
constexpr auto in_string = set_of("\"\\");
constexpr auto in_message = set_of("{}[]\"");

}  // namespace

json_splitter::json_splitter(limits const& limits)
    : depth_limit_(limits.depth + envelope_depth), bytes_limit_(limits.message_bytes) {}

std::size_t json_splitter::push(std::span<std::byte const> bytes) {
  auto const text = as_text(bytes);
  std::size_t used = 0;
  std::size_t from = 0;  // the bytes between them belong to the message
  while (used < text.size() && state_ == parse_state::need_more) {
    auto run = plain_run(text.substr(used));
    // One byte more than the limit is enough to fail, and no more is used.
    if (!skipping_) run = std::min(run, bytes_limit_ + 1 - text_.size() - (used - from));
    auto dropped = skipping_;
    if (run > 0) {
      used += run;
    } else {
      look_at(text[used++]);
      auto const between_messages = !started() && state_ == parse_state::need_more;
      dropped = dropped || between_messages || state_ == parse_state::failed;
    }
    if (dropped) from = used;
    if (text_.size() + (used - from) <= bytes_limit_) continue;
    fail("the message is longer than the maximum of " + std::to_string(bytes_limit_) + " bytes (message_bytes)", true);
    from = used;
  }
  text_.append(text, from, used - from);
  return used;
}

std::size_t json_splitter::plain_run(std::string_view text) const noexcept {
  if (!started() || escaped_) return 0;
  auto const& matters = in_string_ ? in_string : in_message;
  std::size_t run = 0;
  while (run < text.size() && !matters[static_cast<unsigned char>(text[run])]) ++run;
  return run;
}

void json_splitter::look_at(char c) {
  if (in_string_) {
    if (escaped_)
      escaped_ = false;
    else if (c == '\\')
      escaped_ = true;
    else if (c == '"')
      in_string_ = false;
    return;
  }
  switch (c) {
    case '{':
      return open('}');
    case '[':
      return open(']');
    case '}':
    case ']':
      return close(c);
    case ' ':
    case '\t':
    case '\r':
    case '\n':
      return;
    default:
      if (!started()) return fail("a message must begin with { or [", false);
      if (c == '"') in_string_ = true;
  }
}

void json_splitter::open(char closer) {
  ++open_count_;
  if (skipping_) return;
  if (open_count_ > depth_limit_)
    return fail("the message is nested deeper than the maximum of " + std::to_string(depth_limit_ - envelope_depth) +
                    " levels (depth)",
                true);
  closers_ += closer;
}

void json_splitter::close(char c) {
  if (open_count_ == 0) return fail(std::string("a message must begin with { or [, not ") + c, false);
  if (!skipping_) {
    if (closers_.back() != c) return fail(std::string("the bracket ") + c + " does not close the one before it", false);
    closers_.pop_back();
  }
  if (--open_count_ > 0) return;
  if (!skipping_) state_ = parse_state::done;
  skipping_ = false;
}

void json_splitter::fail(std::string message, bool can_skip) {
  state_ = parse_state::failed;
  message_ = std::move(message);
  can_skip_ = can_skip;
  text_.clear();
  text_.shrink_to_fit();
  closers_.clear();
}

void json_splitter::skip() noexcept {
  if (state_ != parse_state::failed || !can_skip_) return;
  state_ = parse_state::need_more;
  can_skip_ = false;
  skipping_ = started();
}

std::string json_splitter::take_message() {
  state_ = parse_state::need_more;
  return std::exchange(text_, {});
}

}  // namespace dist
