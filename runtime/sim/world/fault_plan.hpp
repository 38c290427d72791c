#pragma once

#include <asio/error.hpp>
#include <cstddef>
#include <dist/rpc/clock.hpp>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <system_error>
#include <vector>

namespace dist::test {

class memory_pipe;

/// The faults of one end of a memory stream. A test keeps it and may change it while the stream is in use; several
/// streams may share one. By default there are none.
class fault_plan {
 public:
  fault_plan() = default;
  fault_plan(fault_plan const&) = delete;
  fault_plan& operator=(fault_plan const&) = delete;

  std::size_t max_read = std::numeric_limits<std::size_t>::max();   ///< most bytes that one read_some returns
  std::size_t max_write = std::numeric_limits<std::size_t>::max();  ///< bytes one step of a write moves at most

  /// The step (from 0; every read and every piece of a write is one) that fails, and the stream with it.
  std::optional<std::size_t> fail_at;
  /// eof ends the stream in good order, anything else is a reset for the peer.
  std::error_code fail_with = asio::error::connection_reset;
  /// Steps so far: a run without failures counts the steps that can fail.
  std::size_t steps = 0;

  /// The transit time of this many bytes written by this end, by `time`. A stream keeps its order; different streams
  /// overtake each other. Without it everything arrives at once.
  std::function<duration(std::size_t bytes)> delay;
  clock* time = nullptr;

  /// Half-open: data that this end writes vanishes, its close too, unnoticed.
  void drop_writes() noexcept { dropping_ = true; }
  /// Data written from now on arrives again.
  void deliver_writes() noexcept { dropping_ = false; }
  bool dropping() const noexcept { return dropping_; }

  /// Data that this end writes (and its close) does not arrive before resume(); the buffer in transit still fills.
  void stall() noexcept { stalled_ = true; }
  void resume();
  bool stalled() const noexcept { return stalled_; }

  /// Breaks all streams of this plan now, for both ends.
  void cut(std::error_code error = asio::error::connection_reset);

  /// Breaks the path of all streams of this plan, as when an address changes: this end gets an error eventually and may
  /// reconnect, the other notices nothing.
  void lose_path();

  /// Ends all streams of this plan as the system does for a process that dies: the peers read what was written, then
  /// the end; data that this end still writes is lost.
  void end();

  /// For the stream: the pipe it writes into and the one it reads from.
  void attach(std::shared_ptr<memory_pipe> outgoing, std::shared_ptr<memory_pipe> incoming);
  /// For the stream: counts a step; whether it fails.
  bool step() noexcept { return steps++ == fail_at; }

 private:
  struct attached {
    std::weak_ptr<memory_pipe> outgoing;
    std::weak_ptr<memory_pipe> incoming;
  };
  std::vector<attached> streams_;
  bool dropping_ = false;
  bool stalled_ = false;
};

}  // namespace dist::test
