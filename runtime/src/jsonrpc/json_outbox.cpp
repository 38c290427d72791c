#include "jsonrpc/json_outbox.hpp"

#include <algorithm>
#include <utility>

namespace dist {
namespace {

/// Larger texts are not copied into a run of others.
constexpr std::size_t copy_bytes = 16 * 1024;
/// A run that grew beyond this by one burst is freed.
constexpr std::size_t spare_bytes = 1024 * 1024;
/// Bytes of one write; about what the system accepts at once.
constexpr std::size_t most_gathered = 64;

}  // namespace

void json_outbox::put(std::string text) {
  share_.add(text.size());
  if (text.size() > copy_bytes) {
    pieces_.push_back(std::move(text));
    ends_in_run_ = false;
    return;
  }
  if (!ends_in_run_ || pieces_.size() == sealed_ || pieces_.back().size() > spare_bytes)
    pieces_.push_back(std::exchange(spare_, {}));
  ends_in_run_ = true;
  pieces_.back() += text;
}

std::span<asio::const_buffer const> json_outbox::left() {
  gathered_.clear();
  sealed_ = std::min(pieces_.size(), most_gathered);
  for (std::size_t i = 0; i < sealed_; ++i) gathered_.push_back(asio::buffer(pieces_[i]));
  if (!gathered_.empty()) gathered_.front() += done_;
  return gathered_;
}

void json_outbox::wrote(std::size_t bytes) noexcept {
  written_bytes_ += bytes;
  share_.remove(bytes);
  done_ += bytes;
  while (!pieces_.empty() && done_ >= pieces_.front().size()) {
    auto& first = pieces_.front();
    done_ -= first.size();
    if (first.capacity() <= spare_bytes && first.capacity() > spare_.capacity()) {
      spare_ = std::move(first);
      spare_.clear();
    }
    pieces_.pop_front();
  }
  sealed_ = 0;
}

void json_outbox::clear() noexcept {
  share_.set(0);
  // Bytes being written stay in place until they are written.
  while (pieces_.size() > sealed_) pieces_.pop_back();
}

}  // namespace dist
