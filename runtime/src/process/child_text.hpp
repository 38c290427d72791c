#pragma once

#include <asio/posix/stream_descriptor.hpp>
#include <dist/rpc/seams.hpp>
#include <dist/rpc/task.hpp>
#include <functional>
#include <string>

#include "process/node_text.hpp"

namespace dist {

/// Hands on what a node process prints on its stdout and stderr, which are the end of a pipe: lines fit to be shown.
class child_text {
 public:
  using show_function = std::function<void(std::string_view lines)>;

  /// Throws std::system_error when there is no descriptor left.
  child_text(seams const& world, show_function show);
  child_text(child_text const&) = delete;
  child_text& operator=(child_text const&) = delete;
  ~child_text();

  /// The child's end, closed in children that it is not given to.
  int writing_end() const noexcept { return writing_end_; }
  /// The child has its end.
  void close_writing_end() noexcept;
  /// Until end(), or until nobody has the other end.
  task<void> run();
  /// The process has ended: shows what it has left. What it has started and left behind is not heard any more.
  void end();

 private:
  /// False: nothing more will come.
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
