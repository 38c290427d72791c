#include "wire/connection.hpp"

#include <algorithm>
#include <array>
#include <asio/cancellation_state.hpp>
#include <asio/this_coro.hpp>
#include <dist/rpc/sleep.hpp>
#include <dist/rpc/task_group.hpp>
#include <exception>
#include <optional>

#include "io/stream_timer.hpp"
#include "wire/protocol_breach.hpp"

namespace dist {
namespace {

/// At least this many frames are handled before their output is written: fewer cost system calls, and of more a peer
/// with few calls in flight waits for the last.
constexpr unsigned least_batch = 16;

/// How much is still read from a peer that was told why its connection ends.
constexpr std::size_t linger_bytes = 1 << 20;
constexpr std::chrono::seconds linger_time{2};

/// How often it is looked whether there is room for a large payload, and for how long: others may need this connection.
constexpr auto room_pause = std::chrono::milliseconds(20);
constexpr auto room_patience = std::chrono::seconds(2);

}  // namespace

connection::connection(std::unique_ptr<stream> over, seams const& world, limits const& bounds, when_full full)
    : stream_(std::move(over)),
      world_(world),
      limits_(bounded(bounds)),
      full_(full),
      reader_(limits_.hello_bytes, "hello_bytes", world.memory),
      out_(world.memory) {}

void connection::feed(std::span<std::byte const> bytes) {
  while (!bytes.empty()) {
    auto const room = reader_.prepare();
    auto const count = std::min(room.size(), bytes.size());
    std::memcpy(room.data(), bytes.data(), count);
    reader_.commit(count);
    bytes = bytes.subspan(count);
  }
}

void connection::fail(errc code, std::string const& what) {
  throw std::system_error(code, stream_->peer_address() + ": " + what);
}

/// Only requests and answers can be answered for, or fail, one by one.
void connection::check_dropped(frame_header const& header) {
  auto const is_call =
      header.kind == frame_kind::request || header.kind == frame_kind::reply || header.kind == frame_kind::fault;
  if (is_call) return;
  fail(errc::limit_exceeded, "a frame of " + std::to_string(header.payload_bytes) + " bytes: " +
                                 (world_.memory ? world_.memory->no_room_text() : "there is no memory for it"));
}

task<void> connection::read_more() {
  auto const room = reader_.prepare();
  auto const guard = reader_.in_frame();
  if (guard)
    idle_timer_ = world_.clock.schedule(later(world_.clock.now(), limits_.frame_idle), [this] {
      close(errc::limit_exceeded, "no data within a frame for longer than the limit (frame_idle)");
    });
  std::exception_ptr failed;
  std::size_t count = 0;
  try {
    count = co_await stream_->read_some(asio::buffer(room.data(), room.size()));
  } catch (...) {
    failed = std::current_exception();
  }
  if (guard) world_.clock.cancel(std::exchange(idle_timer_, timer_id::none));
  if (failed && !why_.empty()) fail(why_code_, why_);
  if (failed) std::rethrow_exception(failed);
  reader_.commit(count);
  received_bytes_ += count;
}

task<frame> connection::receive(bytes_held on_growth) {
  std::exception_ptr unwritten;
  try {
    co_await flush();
  } catch (std::system_error const&) {
    // A peer that rejects us may be gone before it has read all of it: its reason can still be read.
    unwritten = std::current_exception();
  }
  for (;;) {
    auto next = reader_.next();
    if (next && next->is_dropped()) check_dropped(next->header());
    if (next) co_return std::move(*next);
    if (!reader_.problem().empty()) throw protocol_breach(reader_.problem(), reader_.problem_code());
    try {
      co_await read_more();
    } catch (std::system_error const&) {
      if (unwritten) std::rethrow_exception(unwritten);
      throw;
    }
    // The buffer doubles, so this is its maximum.
    if (on_growth) on_growth(2 * static_cast<std::size_t>(received_bytes_));
  }
}

void connection::limit_hello(std::size_t bytes, char const* limit_name) {
  if (bytes < limits_.hello_bytes)
    reader_.set_limit(bytes, limit_name);
  else
    reader_.set_limit(limits_.hello_bytes, "hello_bytes");
}

task<void> connection::flush() {
  if (out_.empty()) co_return;
  co_await stream_->write(out_.take());
  out_.wrote_all();
}

task<void> connection::part() {
  stream_timer patience(world_.clock, *stream_);
  patience.arm(linger_time, "the peer did not read the last frame");
  co_await flush();
  patience.disarm();
  co_await linger();
}

task<void> connection::linger() {
  stream_timer patience(world_.clock, *stream_);
  patience.arm(linger_time, "the peer did not close the connection");
  std::array<std::byte, 4096> dropped;
  try {
    for (std::size_t count = 0; count < linger_bytes;)
      count += co_await stream_->read_some(asio::buffer(dropped.data(), dropped.size()));
  } catch (std::system_error const&) {
    // It has closed, or it stayed for too long.
  }
}

task<void> connection::say_goodbye(std::string const& why) {
  handling_ = false;
  if (closed_ || writer_ended_ || ending_ != ending::no) co_return;
  frame_header header;
  header.kind = frame_kind::goodbye;
  out().put(header, as_bytes(why));
  ending_ = ending::when_read;
  co_await linger();
}

task<void> connection::run(handler on_frame, sign_of_life on_bytes, batch_end on_batch) {
  reader_.set_limit(limits_.frame_bytes);
  task_group writer(world_.io.get_executor());
  writer.spawn(write_loop());
  std::exception_ptr failed;
  std::optional<std::string> breach;
  try {
    co_await read_loop(on_frame, on_bytes, on_batch);
  } catch (protocol_breach const& e) {
    failed = std::current_exception();
    breach = e.why();
  } catch (...) {
    failed = std::current_exception();
  }
  // Behind the frames before the one that was wrong.
  if (on_batch) on_batch();
  if (breach) co_await say_goodbye(*breach);
  // We may be here because we were cancelled: without this the clean-up could not await any more.
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  stream_->close();
  writer.stop();
  std::exception_ptr write_error;
  try {
    co_await writer.join();
  } catch (...) {
    write_error = std::current_exception();
  }
  world_.clock.cancel(std::exchange(ending_timer_, timer_id::none));
  if (breach) std::rethrow_exception(failed);
  if (all_written_) co_return;
  if (!why_.empty()) fail(why_code_, why_);
  // Closing for one direction's failure aborts the other: the first cause is the one that is not that.
  if (failed && !(write_error && is_cancellation(failed))) std::rethrow_exception(failed);
  if (write_error) std::rethrow_exception(write_error);
}

task<void> connection::read_loop(handler const& on_frame, sign_of_life const& on_bytes, batch_end const& on_batch) {
  auto const end_batch = [&] {
    if (on_batch) on_batch();
    write_now();
  };
  unsigned batch = least_batch;
  for (;;) {
    unsigned handled = 0;
    handling_ = true;
    while (auto next = closed_ ? std::nullopt : reader_.next()) {
      if (next->is_dropped()) check_dropped(next->header());
      on_frame(*next);
      if (++handled % batch == 0) end_batch();
      // Between frames, not between reads: one read brings thousands of small requests.
      while (full_ == when_full::pause && waits_for_reader() && !writer_ended_) {
        end_batch();
        if (waits_for_reader()) co_await written_.wait();
      }
    }
    end_batch();
    handling_ = false;
    if (!reader_.problem().empty()) throw protocol_breach(reader_.problem(), reader_.problem_code());
    // The peer need not wait until we are through with all that it sent: about half, and both sides work.
    batch = std::max(least_batch, handled / 2);
    if (reader_.wants_room()) co_await wait_for_room(on_bytes);
    co_await read_more();
    if (on_bytes) on_bytes();
  }
}

/// Peers that read free memory. If none does, the payload is dropped, and those after it without a
/// wait.
task<void> connection::wait_for_room(sign_of_life const& on_bytes) {
  auto const until = world_.clock.now() + (waited_in_vain_ ? duration::zero() : duration(room_patience));
  while (reader_.wants_room() && !closed_ && world_.clock.now() < until) {
    co_await sleep_for(world_.clock, room_pause);
    // It is not read from, which is not its silence.
    if (on_bytes) on_bytes();
  }
  waited_in_vain_ = reader_.wants_room();
}

void connection::write_now() {
  // The writer sends the rest, and nothing overtakes it.
  if (out_.empty() || !out_.left().empty()) return;
  out_.wrote(stream_->try_write(out_.take()));
  if (!out_.left().empty()) wake_.set();
}

task<void> connection::write_loop() {
  try {
    for (;;) {
      write_now();
      if (out_.left().empty()) {
        all_written_ = ending_ != ending::no;
        if (all_written_) break;
        co_await wake_.wait();
        continue;
      }
      out_.wrote(co_await stream_->write_some(out_.left()));
      written_.set();
    }
  } catch (...) {
    // The reader is what ends run(); closing makes it notice, unless it pauses.
    stream_->close();
    writer_ended_ = true;
    written_.set();
    throw;
  }
  writer_ended_ = true;
  written_.set();
  if (ending_ == ending::when_written) stream_->close();
}

void connection::tolerate_silence(std::chrono::milliseconds limit) noexcept {
  limits_.frame_idle = std::max(limits_.frame_idle, limit);
  stream_->tolerate_silence(limit);
}

void connection::close() noexcept {
  closed_ = true;
  stream_->close();
}

void connection::close(errc code, std::string why) {
  if (why_.empty() && !closed_) {
    why_code_ = code;
    why_ = std::move(why);
  }
  close();
}

void connection::close_when_written() { end(ending::when_written); }
void connection::close_when_read() { end(ending::when_read); }

void connection::end(ending how) {
  if (ending_ != ending::no) return;
  ending_ = how;
  wake_.set();
  // A peer that reads nothing must not hold us.
  ending_timer_ = world_.clock.schedule(later(world_.clock.now(), limits_.handshake), [this] {
    close(errc::deadline_exceeded,
          "the peer did not read the last frames " + within_limit("handshake", limits_.handshake));
  });
}

}  // namespace dist
