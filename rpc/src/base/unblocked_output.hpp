#pragma once

#include <cstddef>
#include <string_view>

namespace dist {

/// Writes text to a descriptor without being held up by its reader: a stopped terminal (Ctrl-S), a pager or a stalled pipe
/// loses text, and a reader that has gone raises no SIGPIPE. Not thread-safe.
class unblocked_output {
 public:
  /// The descriptor is not closed.
  explicit unblocked_output(int descriptor) noexcept : descriptor_(descriptor) {}
  ~unblocked_output();
  unblocked_output(unblocked_output const&) = delete;
  unblocked_output& operator=(unblocked_output const&) = delete;

  int descriptor() const noexcept { return descriptor_; }

  /// Drops what cannot be written. Waits once, for 10 ms, for a reader that is merely slow.
  void write(std::string_view text) noexcept;
  void drop(std::string_view text) noexcept;
  bool is_writable() const noexcept { return becomes_writable(0); }
  /// Lines dropped since reset_dropped(), a torn one counted.
  std::size_t dropped() const noexcept { return dropped_; }
  /// Whether the last line that was written lacks its end.
  bool is_torn() const noexcept { return is_torn_; }
  void reset_dropped() noexcept {
    dropped_ = 0;
    is_torn_ = false;
  }

 private:
  enum class kind { unknown, file, socket, reopened, shared };

  void open() noexcept;
  std::ptrdiff_t put(std::string_view text) noexcept;
  bool becomes_writable(int milliseconds) const noexcept;

  int descriptor_;
  int own_ = -1;  ///< the same pipe or terminal, non-blocking for us alone
  kind kind_ = kind::unknown;
  bool is_stalled_ = false;
  bool is_torn_ = false;
  std::size_t dropped_ = 0;
};

}  // namespace dist
