#pragma once

#include <asio/io_context.hpp>
#include <cstddef>
#include <dist/rpc/detail/event.hpp>
#include <dist/rpc/stream.hpp>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "sim/world/fault_plan.hpp"

namespace dist::test {

inline constexpr std::size_t default_pipe_bytes = 64 * 1024;

/// One direction of a memory stream: a bounded ring of bytes with a writer and a reader.
class memory_pipe : public std::enable_shared_from_this<memory_pipe> {
 public:
  /// `back` is the reader's plan: its effects on this pipe travel the other way.
  memory_pipe(std::size_t capacity, std::shared_ptr<fault_plan> plan, std::shared_ptr<fault_plan> back)
      : ring_(capacity), plan_(std::move(plan)), back_(std::move(back)) {}

  std::size_t space() const noexcept { return ring_.size() - size_; }
  /// The reader's view: nothing while the path is stalled.
  std::size_t available() const noexcept { return plan_->stalled() ? 0 : size_ - travelling_; }
  bool ended() const noexcept { return end_arrived_ && !plan_->stalled() && size_ == 0; }
  /// The writer's view: a reader that is gone is reported over the reverse path.
  bool reader_gone() const noexcept { return abandoned_ && !back_->stalled(); }

  std::size_t put(asio::const_buffer from);
  std::size_t take(asio::mutable_buffer into) noexcept;

  /// The writer has closed: the reader sees the end after the bytes that are on the way.
  void finish();
  /// The reader has closed: writing makes no sense any more.
  void abandon();
  /// Both see this error from now on; bytes on the way are lost.
  void reset(std::error_code error) { lose(error, error); }
  /// Nothing passes any more, not even the end. A side that gets an error sees it from now on; one that gets none
  /// notices nothing.
  void lose(std::error_code for_writer, std::error_code for_reader);
  void wake();

  std::error_code write_error;  // the writer's error
  std::error_code read_error;   // the reader's error
  event readable;               // the reader waits
  event writable;               // the writer waits
  event gone;                   // the writer waits for the reader's end

 private:
  /// Whether this many bytes written now are in transit for a while; `arrived` runs when they arrive.
  bool travels(std::size_t bytes, std::function<void(memory_pipe&)> arrived);

  std::vector<std::byte> ring_;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
  std::size_t travelling_ = 0;  // of these, the last ones, which have not arrived
  time_point last_arrival_{};
  bool finished_ = false;
  bool end_arrived_ = false;
  bool abandoned_ = false;
  bool lost_ = false;
  std::shared_ptr<fault_plan> plan_;  // the writer's
  std::shared_ptr<fault_plan> back_;  // the reader's
};

/// One end. Reads and writes complete through a post and can be cancelled, like a socket's.
class memory_stream final : public stream {
 public:
  /// State that the coroutines of an end share with it: they may outlive the object.
  struct state {
    std::shared_ptr<memory_pipe> incoming;
    std::shared_ptr<memory_pipe> outgoing;
    std::shared_ptr<fault_plan> plan;
    bool closed = false;
  };

  memory_stream(std::shared_ptr<memory_pipe> incoming, std::shared_ptr<memory_pipe> outgoing,
                std::shared_ptr<fault_plan> plan, std::string local, std::string peer);
  ~memory_stream() override { close(); }

  task<std::size_t> read_some(asio::mutable_buffer into) override;
  task<void> write(std::span<asio::const_buffer const> from) override;
  task<std::size_t> write_some(std::span<asio::const_buffer const> from) override;
  std::size_t try_write(std::span<asio::const_buffer const> from) noexcept override;
  task<void> wait_until_gone() override;
  void close() noexcept override;
  /// As a socket's shutdown: the peer reads the end, and its data still arrives here.
  void finish_sending();
  std::string peer_address() const override { return peer_; }
  std::string local_address() const override { return local_; }

 private:
  std::shared_ptr<state> state_;
  std::string local_;
  std::string peer_;
};

struct memory_stream_options {
  std::size_t pipe_bytes = default_pipe_bytes;  ///< each direction holds this much before a write waits
  std::shared_ptr<fault_plan> first_plan = std::make_shared<fault_plan>();
  std::shared_ptr<fault_plan> second_plan = std::make_shared<fault_plan>();
  std::string first_address = "127.0.0.1:50001";
  std::string second_address = "127.0.0.1:50002";
};

using stream_pair = std::pair<std::unique_ptr<stream>, std::unique_ptr<stream>>;

/// Two connected ends.
stream_pair memory_stream_pair(memory_stream_options options = {});

}  // namespace dist::test
