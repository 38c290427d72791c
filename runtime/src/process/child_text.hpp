#pragma once

#include <asio/posix/stream_descriptor.hpp>
#include <dist/rpc/seams.hpp>
#include <dist/rpc/task.hpp>
#include <functional>
#include <string>

#include "process/node_text.hpp"

namespace dist {

/// Forwards the output of a node process, whose stdout and stderr are a pipe, as lines fit to be shown.
class child_text {
 public:
  using show_function = std::function<void(std::string_view lines)>;

  /// Throws std::system_error if no descriptor is left.
  child_text(seams const& world, show_function show);
  child_text(child_text const&) = delete;
  child_text& operator=(child_text const&) = delete;
  ~child_text();

  /// The child's end, closed in children that it is not given to.
  int writing_end() const noexcept { return writing_end_; }
  /// The child has its end.
  void close_writing_end() noexcept;
  /// Until end(), or until the other end is closed.
  task<void> run();
  /// The process has ended: shows its remaining output. Output of its orphaned children is no longer read.
  void end();

 private:
  /// False: no more output will follow.
  bool read();
  void show(std::string const& lines);
  void show_held_soon();

  seams world_;
  node_text text_;
  show_function show_;
  asio::posix::stream_descriptor reading_end_;
  int writing_end_ = -1;
  timer_id timer_ = timer_id::none;
};

}  // namespace dist
