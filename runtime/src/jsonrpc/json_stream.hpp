#pragma once

#include <dist/rpc/detail/buffer.hpp>
#include <dist/rpc/detail/event.hpp>
#include <dist/rpc/limits.hpp>
#include <dist/rpc/seams.hpp>
#include <dist/rpc/stream.hpp>
#include <dist/rpc/task_group.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/stream_timer.hpp"
#include "jsonrpc/json_outbox.hpp"
#include "jsonrpc/jsonrpc.hpp"
#include "values/json_splitter.hpp"

namespace dist {

/// After this many messages, or requests of a batch, others get their turn of the I/O thread: output that these caused
/// leaves, and is worked on meanwhile.
inline constexpr std::size_t messages_per_turn = 16;

/// JSON-RPC messages over one stream: one reader, one writer, everything that is ready written together. While more
/// than limits.outbox_bytes wait to be written it reads nothing, and less where memory gets tight.
///
/// Errors   run() throws the system's error, errc::limit_exceeded (frame_idle), or what the handler threw; the peer's
///          end of the stream is not an error.
/// Lives    *this must outlive run(); all of it on the I/O thread.
class json_stream {
 public:
  /// Called for every message, in order; for text that is none with a single rpc_invalid. It may put messages and end
  /// the stream; it must not destroy it.
  using handler = std::function<void(rpc_message message)>;
  /// Called when the peer has ended its half of the stream.
  using end_handler = std::function<void()>;

  json_stream(std::unique_ptr<stream> over, seams const& world, limits const& bounds);
  json_stream(json_stream const&) = delete;
  json_stream& operator=(json_stream const&) = delete;

  /// Bytes that came before: they are the first.
  void feed(std::span<std::byte const> bytes) { first_.append(bytes); }

  /// The most bytes of a message from here on, instead of limits.message_bytes.
  void limit_message(std::size_t bytes) noexcept { splitter_.limit_message(bytes); }

  /// Reads and writes until the stream ends; pending output is written if the peer still reads. With `on_end` the
  /// peer's end alone does not end it: close_when_written() does, or that the peer has gone altogether.
  task<void> run(handler on_message, end_handler on_end = {});

  /// The writer sends all messages put in one turn of the I/O thread together. A line end follows each message.
  void put(std::string message);
  /// As one array; none where there are none.
  void put_batch(std::vector<std::string> messages);
  std::size_t held_bytes() const noexcept { return out_.held_bytes(); }
  /// The stream position of the next message: it has not left while no more bytes were sent.
  std::uint64_t put_bytes() const noexcept { return out_.put_bytes(); }

  /// So far, of messages.
  std::uint64_t received_bytes() const noexcept { return received_bytes_; }
  std::uint64_t sent_bytes() const noexcept { return out_.written_bytes(); }
  /// The budget of all peers; null: there is none.
  memory_budget* memory() const noexcept { return world_.memory; }

  /// Ends both directions at once.
  void close() noexcept;
  /// Reads no more; the stream goes on writing.
  void stop_reading() noexcept;
  /// Reads no more and ends once everything that was put is written.
  void close_when_written() noexcept;

  stream& over() noexcept { return *stream_; }

 private:
  bool waits_for_reader() const noexcept;
  task<void> wait_until_gone();
  task<void> read_loop(handler on_message, end_handler on_end);
  task<void> write_loop();
  task<std::size_t> read_some(std::span<std::byte> into);
  task<void> take_all(std::span<std::byte const> bytes, handler const& on_message);
  /// The number of messages left in this turn.
  std::span<std::byte const> take(std::span<std::byte const> bytes, handler const& on_message);

  std::unique_ptr<stream> stream_;
  seams world_;
  limits limits_;
  json_splitter splitter_;
  buffer first_;
  memory_share partial_;  ///< for the partial message
  json_outbox out_;
  event wake_;           ///< something was put, or the writer is to end
  event written_;        ///< everything was written, or nothing will be
  stream_timer ending_timer_;
  task_group* reader_ = nullptr;
  std::uint64_t received_bytes_ = 0;
  bool reading_ = true;
  bool ending_ = false;  ///< the writer ends when nothing waits
  bool broken_ = false;  ///< the writer has ended
};

}  // namespace dist
