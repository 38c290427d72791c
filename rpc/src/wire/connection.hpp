#pragma once

#include <dist/rpc/detail/event.hpp>
#include <dist/rpc/detail/frame.hpp>
#include <dist/rpc/limits.hpp>
#include <dist/rpc/memory_budget.hpp>
#include <dist/rpc/seams.hpp>
#include <dist/rpc/stream.hpp>
#include <functional>
#include <memory>
#include <string>

#include "wire/frame_reader.hpp"
#include "wire/outbox.hpp"

namespace dist {

/// Whether a connection goes on reading while its peer does not read. Only one end of a pair may pause, or both could
/// deadlock.
enum class when_full { read_on, pause };

/// dist/1 frames over one stream: one reader, one writer, everything that is ready written together.
///
/// Errors   run() ends with the reason: asio::error::eof, the system's error, errc::limit_exceeded with a text that names
///          the limit, or protocol_breach, also from the handler: then the peer has been sent a goodbye with the reason.
/// Lives    *this must outlive run() and receive(); all of it on the I/O thread.
class connection {
 public:
  /// Called for every frame, in order. It may put frames and close the connection; it must not destroy it.
  using handler = std::function<void(frame&)>;
  /// Called whenever bytes came, before their frames: a large frame on a slow link still counts as activity.
  using sign_of_life = std::function<void()>;
  /// Called after a batch of frames, before their output is written; views of their bytes are valid until it returns.
  using batch_end = std::function<void()>;

  connection(std::unique_ptr<stream> over, seams const& world, limits const& bounds, when_full full = when_full::read_on);
  connection(connection const&) = delete;
  connection& operator=(connection const&) = delete;

  /// Bytes received after the HTTP head: the first bytes of the frames.
  void feed(std::span<std::byte const> bytes);

  /// Told how many bytes are held for a frame that is still on its way.
  using bytes_held = std::function<void(std::size_t)>;

  /// One frame, for the handshake; pending output is written first. Not during run().
  task<frame> receive(bytes_held on_growth = {});
  /// The most that the next frames of the handshake may have, at most `limits.hello_bytes`; the error names the limit.
  void limit_hello(std::size_t bytes, char const* limit_name);
  limits const& bounds() const noexcept { return limits_; }
  /// Writes pending output. Not during run().
  task<void> flush();
  /// The same for the last frame. Then it drops further input until the peer has closed, or for a moment: closing
  /// first would make the system reset the connection and drop the frame on its way. Not while run() is under way.
  task<void> part();
  /// Reads and writes until the connection ends, and throws why. Returns when close_when_written()
  /// or close_when_read() was asked for and everything was written.
  task<void> run(handler on_frame, sign_of_life on_bytes = {}, batch_end on_batch = {});

  /// Puts a frame; the writer sends all frames put in one turn of the I/O thread together.
  outbox& out() {
    // While frames are handled, the reader writes their output.
    if (!handling_) wake_.set();
    return out_;
  }
  /// From now on it does not read while its peer does not.
  void pause_when_full() noexcept { full_ = when_full::pause; }
  /// So far, of frames.
  std::uint64_t received_bytes() const noexcept { return received_bytes_; }
  std::uint64_t sent_bytes() const noexcept { return out_.written_bytes(); }
  bool is_full() const noexcept { return out_.held_bytes() >= limits_.outbox_bytes; }
  /// The budget of all peers; null: there is none.
  memory_budget* memory() const noexcept { return world_.memory; }

  /// Ends both directions at once; frames that were read and not yet handed out are dropped.
  void close() noexcept;
  /// The same; run() and receive() throw this reason, unless there was another before.
  void close(errc code, std::string why);
  /// Ends once everything that was put is written, or after `limits.handshake`.
  void close_when_written();
  /// The same, but the peer closes: for a goodbye. Closing ourselves while the peer still sends would make the system
  /// reset the connection and drop data in flight.
  void close_when_read();

  /// Neither the system nor `limits.frame_idle` ends it before its peer has been silent for this long.
  void tolerate_silence(std::chrono::milliseconds limit) noexcept;

  stream& over() noexcept { return *stream_; }

 private:
  enum class ending { no, when_written, when_read };

  void end(ending how);
  task<void> read_loop(handler const& on_frame, sign_of_life const& on_bytes, batch_end const& on_batch);
  /// Sends as much pending output as possible without waiting; the writer does the rest.
  void write_now();
  task<void> write_loop();
  task<void> read_more();
  /// Puts a goodbye with the reason, after which the writer ends.
  task<void> say_goodbye(std::string const& why);
  task<void> linger();
  task<void> wait_for_room(sign_of_life const& on_bytes);
  void fail(errc code, std::string const& what);
  void check_dropped(frame_header const& header);
  bool waits_for_reader() const noexcept {
    return is_full() || (world_.memory && world_.memory->is_tight(out_.held_bytes()));
  }

  std::unique_ptr<stream> stream_;
  seams world_;
  limits limits_;
  when_full full_;
  frame_reader reader_;
  outbox out_;
  std::uint64_t received_bytes_ = 0;
  event wake_;     ///< something was put
  event written_;  ///< everything was written, or nothing more will be
  bool handling_ = false;  ///< frames, by the reader
  bool writer_ended_ = false;
  bool all_written_ = false;  ///< all output that was put before the end was requested
  ending ending_ = ending::no;
  bool closed_ = false;
  bool waited_in_vain_ = false;  ///< for room for the last payload that needed it
  timer_id idle_timer_ = timer_id::none;
  timer_id ending_timer_ = timer_id::none;
  errc why_code_{};
  std::string why_;  ///< it was closed here
};

}  // namespace dist
