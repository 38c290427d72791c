#include "sim/world/memory_stream.hpp"

#include <algorithm>
#include <asio/post.hpp>
#include <cstring>

namespace dist::test {

bool memory_pipe::travels(std::size_t bytes, std::function<void(memory_pipe&)> arrived) {
  if (!plan_->delay) return false;
  auto const now = plan_->time->now();
  last_arrival_ = std::max(last_arrival_, now + plan_->delay(bytes));
  if (last_arrival_ <= now) return false;
  plan_->time->schedule(last_arrival_, [weak = weak_from_this(), arrived = std::move(arrived)] {
    if (auto const pipe = weak.lock(); pipe && !pipe->lost_) arrived(*pipe);
  });
  return true;
}

std::size_t memory_pipe::put(asio::const_buffer from) {
  if (finished_ || lost_) return from.size();
  auto const count = std::min(from.size(), space());
  auto const* bytes = static_cast<std::byte const*>(from.data());
  for (std::size_t done = 0; done < count;) {
    auto const at = (first_ + size_) % ring_.size();
    auto const piece = std::min(count - done, ring_.size() - at);
    std::memcpy(ring_.data() + at, bytes + done, piece);
    size_ += piece;
    done += piece;
  }
  if (count == 0) return 0;
  bool const travelling = travels(count, [count](memory_pipe& pipe) {
    pipe.travelling_ -= count;
    pipe.readable.set();
  });
  if (travelling)
    travelling_ += count;
  else
    readable.set();
  return count;
}

std::size_t memory_pipe::take(asio::mutable_buffer into) noexcept {
  auto const count = std::min(into.size(), available());
  auto* bytes = static_cast<std::byte*>(into.data());
  for (std::size_t done = 0; done < count;) {
    auto const piece = std::min(count - done, ring_.size() - first_);
    std::memcpy(bytes + done, ring_.data() + first_, piece);
    first_ = (first_ + piece) % ring_.size();
    size_ -= piece;
    done += piece;
  }
  if (count > 0) writable.set();
  return count;
}

void memory_pipe::finish() {
  if (std::exchange(finished_, true) || lost_) return;
  bool const travelling = travels(0, [](memory_pipe& pipe) {
    pipe.end_arrived_ = true;
    pipe.wake();
  });
  if (travelling) return;
  end_arrived_ = true;
  wake();
}

void memory_pipe::abandon() {
  abandoned_ = !lost_;
  wake();
}

void memory_pipe::lose(std::error_code for_writer, std::error_code for_reader) {
  if (!write_error) write_error = for_writer;
  if (!read_error) read_error = for_reader;
  lost_ = true;
  size_ = travelling_ = 0;
  wake();
}

void memory_pipe::wake() {
  readable.set();
  writable.set();
  gone.set();
}

namespace {

using state_ptr = std::shared_ptr<memory_stream::state>;

/// The stream ends now, by its plan.
[[noreturn]] void fail(memory_stream::state& state) {
  auto const error = state.plan->fail_with;
  if (error == asio::error::eof) {
    state.outgoing->finish();
    state.incoming->abandon();
  } else {
    state.outgoing->reset(error);
    state.incoming->reset(error);
  }
  throw std::system_error(error);
}

task<std::size_t> read_some_of(state_ptr state, asio::mutable_buffer into) {
  auto& pipe = *state->incoming;
  for (bool posted = false;; posted = true) {
    if (state->closed) throw std::system_error(asio::error::operation_aborted);
    bool const ready = into.size() == 0 || pipe.read_error || pipe.available() > 0 || pipe.ended();
    if (!ready) {
      co_await pipe.readable.wait();
    } else if (!posted) {
      co_await asio::post(asio::use_awaitable);
    } else {
      break;
    }
  }
  if (state->plan->step()) fail(*state);
  if (pipe.read_error) throw std::system_error(pipe.read_error);
  if (into.size() > 0 && pipe.ended()) throw std::system_error(asio::error::eof);
  co_return pipe.take(asio::buffer(into, state->plan->max_read));
}

/// One step fills what there is to fill, across buffers, as a gathering write does. `index` and `done` advance with it.
std::size_t put_some(memory_stream::state& state, std::span<asio::const_buffer const> from, std::size_t& index,
                     std::size_t& done) {
  auto left = state.plan->max_write;
  std::size_t put = 0;
  while (index < from.size() && left > 0) {
    auto const piece = asio::buffer(from[index] + done, left);
    auto const moved = state.plan->dropping() ? piece.size() : state.outgoing->put(piece);
    done += moved;
    left -= moved;
    put += moved;
    if (moved < piece.size()) break;
    if (done == from[index].size()) {
      ++index;
      done = 0;
    }
  }
  return put;
}

task<void> write_to(state_ptr state, std::span<asio::const_buffer const> from) {
  auto& pipe = *state->outgoing;
  std::size_t index = 0;
  std::size_t done = 0;  // of from[index]
  bool posted = false;
  for (;;) {
    while (index < from.size() && done == from[index].size()) {
      ++index;
      done = 0;
    }
    if (index == from.size() && posted) co_return;
    if (state->closed) throw std::system_error(asio::error::operation_aborted);
    if (pipe.write_error) throw std::system_error(pipe.write_error);
    if (pipe.reader_gone()) throw std::system_error(asio::error::broken_pipe);
    bool const dropping = state->plan->dropping();
    if (index < from.size() && (dropping || pipe.space() > 0)) {
      if (state->plan->step()) fail(*state);
      put_some(*state, from, index, done);
      posted = true;
      co_await asio::post(asio::use_awaitable);
    } else if (index < from.size()) {
      co_await pipe.writable.wait();
    } else {
      posted = true;
      co_await asio::post(asio::use_awaitable);
    }
  }
}

task<std::size_t> write_some_to(state_ptr state, std::span<asio::const_buffer const> from) {
  auto& pipe = *state->outgoing;
  for (bool posted = false;; posted = true) {
    if (state->closed) throw std::system_error(asio::error::operation_aborted);
    if (pipe.write_error) throw std::system_error(pipe.write_error);
    if (pipe.reader_gone()) throw std::system_error(asio::error::broken_pipe);
    if (!state->plan->dropping() && pipe.space() == 0) {
      co_await pipe.writable.wait();
    } else if (!posted) {
      co_await asio::post(asio::use_awaitable);
    } else {
      break;
    }
  }
  if (state->plan->step()) fail(*state);
  std::size_t index = 0;
  std::size_t done = 0;
  co_return put_some(*state, from, index, done);
}

task<void> wait_until_gone_from(state_ptr state) {
  auto& pipe = *state->outgoing;
  while (!state->closed && !pipe.write_error && !pipe.reader_gone()) co_await pipe.gone.wait();
  if (state->closed) throw std::system_error(asio::error::operation_aborted);
}

}  // namespace

memory_stream::memory_stream(std::shared_ptr<memory_pipe> incoming, std::shared_ptr<memory_pipe> outgoing,
                             std::shared_ptr<fault_plan> plan, std::string local, std::string peer)
    : state_(std::make_shared<state>(state{std::move(incoming), std::move(outgoing), std::move(plan)})),
      local_(std::move(local)),
      peer_(std::move(peer)) {
  state_->plan->attach(state_->outgoing, state_->incoming);
}

std::size_t memory_stream::try_write(std::span<asio::const_buffer const> from) noexcept {
  auto& s = *state_;
  // Errors are reported by write().
  if (s.closed || s.outgoing->write_error || s.outgoing->reader_gone() || s.plan->steps == s.plan->fail_at) return 0;
  s.plan->step();
  std::size_t index = 0;
  std::size_t done = 0;
  return put_some(s, from, index, done);
}

task<std::size_t> memory_stream::read_some(asio::mutable_buffer into) { return read_some_of(state_, into); }

task<void> memory_stream::write(std::span<asio::const_buffer const> from) { return write_to(state_, from); }

task<std::size_t> memory_stream::write_some(std::span<asio::const_buffer const> from) {
  return write_some_to(state_, from);
}

task<void> memory_stream::wait_until_gone() { return wait_until_gone_from(state_); }

void memory_stream::finish_sending() { state_->outgoing->finish(); }

void memory_stream::close() noexcept {
  if (std::exchange(state_->closed, true)) return;
  state_->outgoing->gone.set();
  if (state_->plan->dropping()) {
    // The peer learns nothing, our own waiting operations do.
    state_->outgoing->writable.set();
    state_->incoming->readable.set();
    return;
  }
  state_->outgoing->finish();
  state_->incoming->abandon();
}

stream_pair memory_stream_pair(memory_stream_options options) {
  auto there = std::make_shared<memory_pipe>(options.pipe_bytes, options.first_plan, options.second_plan);
  auto back = std::make_shared<memory_pipe>(options.pipe_bytes, options.second_plan, options.first_plan);
  return {
      std::make_unique<memory_stream>(back, there, options.first_plan, options.first_address, options.second_address),
      std::make_unique<memory_stream>(there, back, options.second_plan, options.second_address, options.first_address)};
}

}  // namespace dist::test
