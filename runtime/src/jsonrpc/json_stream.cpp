#include "jsonrpc/json_stream.hpp"

#include <array>
#include <asio/cancellation_state.hpp>
#include <asio/post.hpp>
#include <asio/this_coro.hpp>
#include <utility>

namespace dist {

json_stream::json_stream(std::unique_ptr<stream> over, seams const& world, limits const& bounds)
    : stream_(std::move(over)),
      world_(world),
      limits_(bounds),
      splitter_(bounds),
      partial_(world.memory),
      out_(world.memory),
      ending_timer_(world_.clock, *stream_) {}

task<void> json_stream::run(handler on_message, end_handler on_end) {
  task_group reader(world_.io.get_executor());
  task_group writer(world_.io.get_executor());
  writer.spawn(write_loop());
  reader.spawn(read_loop(std::move(on_message), std::move(on_end)));
  reader_ = &reader;
  if (!reading_) reader.stop();
  std::exception_ptr failed;
  try {
    co_await reader.join();
  } catch (...) {
    failed = std::current_exception();
  }
  reader_ = nullptr;
  // We may be here because we were cancelled: without this the clean-up could not await. The writer may wait for
  // answers that take long, so from here on it can be cancelled again.
  co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
  if (failed) {
    stream_->close();
    writer.stop();
  }
  std::exception_ptr write_failed;
  try {
    co_await writer.join();
  } catch (...) {
    write_failed = std::current_exception();
  }
  if (write_failed && ending_timer_.fired()) throw std::system_error(errc::deadline_exceeded, ending_timer_.reason());
  // Closing for one direction's failure aborts the other: the first cause is the one that is not that.
  if (failed && !(write_failed && is_cancellation(failed))) std::rethrow_exception(failed);
  if (write_failed) std::rethrow_exception(write_failed);
}

std::span<std::byte const> json_stream::take(std::span<std::byte const> bytes, handler const& on_message) {
  for (std::size_t handled = 0; handled < messages_per_turn && !bytes.empty() && reading_; ++handled) {
    bytes = bytes.subspan(splitter_.push(bytes));
    partial_.set(splitter_.held_bytes());
    if (!partial_.has_room(0)) splitter_.refuse(partial_.budget()->no_room_text());
    if (splitter_.state() == parse_state::done) {
      on_message(parse_rpc(splitter_.take_message(), limits_));
      partial_.set(0);
    } else if (splitter_.state() == parse_state::failed) {
      rpc_invalid problem;
      problem.message = splitter_.message();
      auto const goes_on = splitter_.can_skip();
      problem.code = goes_on ? rpc_code::invalid_request : rpc_code::parse_error;
      rpc_message message;
      message.items.emplace_back(std::move(problem));
      on_message(std::move(message));
      if (!goes_on) {
        close_when_written();
        break;
      }
      splitter_.skip();
    }
  }
  return bytes;
}

task<void> json_stream::take_all(std::span<std::byte const> bytes, handler const& on_message) {
  while (!bytes.empty() && reading_) {
    // Between turns, not between reads: one read brings hundreds of small requests.
    while (!broken_ && waits_for_reader()) co_await written_.wait();
    bytes = take(bytes, on_message);
    if (!bytes.empty()) co_await asio::post(asio::use_awaitable);
  }
}

task<std::size_t> json_stream::read_some(std::span<std::byte> into) {
  stream_timer patience(world_.clock, *stream_);
  if (splitter_.started()) patience.arm(limits_.frame_idle, "no data within a message");
  std::exception_ptr failed;
  std::size_t count = 0;
  try {
    count = co_await stream_->read_some(asio::buffer(into.data(), into.size()));
  } catch (std::system_error const& e) {
    if (e.code() != asio::error::eof) failed = std::current_exception();
  }
  if (patience.fired())
    throw std::system_error(errc::limit_exceeded, patience.reason() + " for longer than the limit (frame_idle)");
  if (failed) std::rethrow_exception(failed);
  co_return count;
}

/// As of an HTTP client that has ended its half.
task<void> json_stream::wait_until_gone() {
  stream_timer patience(world_.clock, *stream_);
  patience.arm(limits_.handshake, "the peer closed its half of the connection");
  try {
    co_await stream_->wait_until_gone();
  } catch (std::system_error const&) {
    if (!patience.fired()) throw;
  }
}

task<void> json_stream::read_loop(handler on_message, end_handler on_end) {
  auto const first = std::exchange(first_, {});
  co_await take_all(first.bytes(), on_message);
  std::array<std::byte, 16 * 1024> piece;
  while (reading_) {
    while (!broken_ && waits_for_reader()) co_await written_.wait();
    auto const count = co_await read_some(piece);
    if (count == 0) break;
    received_bytes_ += count;
    co_await take_all({piece.data(), count}, on_message);
  }
  if (reading_ && on_end) {
    on_end();
    if (reading_) co_await wait_until_gone();
    close();
  }
  if (reading_) close_when_written();
}

task<void> json_stream::write_loop() {
  std::exception_ptr failed;
  try {
    for (;;) {
      if (out_.empty()) {
        if (ending_) break;
        co_await wake_.wait();
        continue;
      }
      out_.wrote(co_await stream_->write_some(out_.left()));
      written_.set();
    }
  } catch (...) {
    failed = std::current_exception();
  }
  broken_ = true;
  ending_timer_.disarm();
  written_.set();
  // The reader is what ends run(); closing makes it notice.
  stream_->close();
  if (failed) std::rethrow_exception(failed);
}

bool json_stream::waits_for_reader() const noexcept {
  return held_bytes() >= limits_.outbox_bytes || (world_.memory && world_.memory->is_tight(held_bytes()));
}

void json_stream::put(std::string message) {
  if (broken_) return;
  message += '\n';
  out_.put(std::move(message));
  wake_.set();
}

void json_stream::put_batch(std::vector<std::string> messages) {
  if (broken_ || messages.empty()) return;
  auto const* before = "[";
  for (auto& one : messages) {
    out_.put(std::exchange(before, ","));
    out_.put(std::move(one));
  }
  out_.put("]\n");
  wake_.set();
}

void json_stream::close() noexcept {
  ending_ = true;
  out_.clear();
  stream_->close();
  wake_.set();
}

void json_stream::stop_reading() noexcept {
  if (!std::exchange(reading_, false)) return;
  if (reader_) reader_->stop();
}

void json_stream::close_when_written() noexcept {
  if (std::exchange(ending_, true) || broken_) return;
  // A peer that reads nothing must not hold us.
  ending_timer_.arm(limits_.handshake,
                    "the peer did not read its replies " + within_limit("handshake", limits_.handshake));
  wake_.set();
  stop_reading();
}

}  // namespace dist
