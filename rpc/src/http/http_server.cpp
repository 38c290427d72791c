#include <dist/rpc/http_server.hpp>

#include <asio/cancellation_state.hpp>
#include <asio/error.hpp>
#include <asio/this_coro.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <vector>

#include "io/stream_timer.hpp"

namespace dist {
namespace {

constexpr std::size_t read_bytes = 16 * 1024;
constexpr std::size_t write_bytes = 256 * 1024;
// How much is still read from a peer whose request was rejected half way, so that it sees the response and not a reset.
constexpr std::size_t linger_bytes = 1 << 20;
constexpr std::chrono::seconds linger_time{2};

/// One connection's bytes, with a time limit on every wait. Errors of the stream end the reading, they are not thrown,
/// unless it was this coroutine that was cancelled.
class http_connection {
 public:
  http_connection(stream& stream, clock& clock, limits const& limits, http_gate const& gate, memory_budget* memory)
      : stream_(stream), clock_(clock), limits_(limits), gate_(gate), timer_(clock, stream), held_(memory) {}

  buffer bytes;                          // read and not used yet
  std::optional<http_response> refusal;  // the response that replaces reading a body

  /// False at the end of the stream. The timer is the caller's.
  task<bool> read() {
    if (sends_no_more_) co_return false;
    std::error_code error;
    std::size_t count = 0;
    auto const before = bytes.size();
    auto const into = asio::mutable_buffer(bytes.grow(read_bytes), read_bytes);
    try {
      count = co_await stream_.read_some(into);
    } catch (std::system_error const& e) {
      error = e.code();
    }
    bytes.shrink(before + count);
    if (error) rethrow_cancellation(error);
    sends_no_more_ = error == asio::error::eof;
    co_return !error;
  }

  /// Whether the peer has ended its half of the stream; it may still read answers.
  bool sends_no_more() const noexcept { return sends_no_more_; }
  /// It may as well be gone: TCP distinguishes a closed end from a half-closed one only once something is written. So
  /// after a while the stream is closed.
  task<void> wait_until_gone() {
    stream_timer patience(clock_, stream_);
    patience.arm(limits_.handshake, "the peer closed its half of the connection");
    co_await stream_.wait_until_gone();
  }

  /// In pieces, so that the limit is on a peer's silence and not on the size of an answer.
  task<bool> write(std::string text) {
    for (std::string_view rest = text; !rest.empty();) {
      auto const piece = rest.substr(0, write_bytes);
      rest.remove_prefix(piece.size());
      bound_silence("the peer read nothing ");
      asio::const_buffer const bytes_of_piece(piece.data(), piece.size());
      std::error_code error;
      try {
        co_await stream_.write({&bytes_of_piece, 1});
      } catch (std::system_error const& e) {
        error = e.code();
      }
      timer_.disarm();
      if (error) {
        rethrow_cancellation(error);
        co_return false;
      }
    }
    co_return true;
  }

  /// A large body is not copied to follow the head.
  task<bool> send(http_response response) {
    held_.set(response.body.size());
    auto const apart = response.body.size() > write_bytes && !response.head_only;
    auto body = apart ? std::move(response.body) : std::string();
    auto text = apart ? to_head_text(response, body.size()) : to_text(response);
    auto sent = co_await write(std::move(text));
    if (sent && apart) sent = co_await write(std::move(body));
    held_.set(0);
    co_return sent;
  }

  task<void> linger() {
    ends_as_.reset();
    timer_.arm(linger_time, "the peer kept sending a rejected request");
    for (std::size_t dropped = 0; dropped < linger_bytes;) {
      bytes.clear();
      auto const more = co_await read();
      if (!more) co_return;
      dropped += bytes.size();
    }
  }

  /// Feeds the parser until it is done, has failed or the gate refuses; false when the connection ended before.
  task<bool> read_request(http_request_parser& parser, std::chrono::milliseconds idle) {
    auto continued = false;
    // A head has one limit for all of it: a peer that sends a byte now and then gains nothing.
    auto const now = clock_.now();
    auto head_by = later(now, idle);
    auto head_started = false;
    auto head_judged = false;
    for (;;) {
      auto const used = parser.push(bytes.bytes());
      drop(used);
      if (parser.head_done()) held_.add(used);
      if (parser.state() != parse_state::need_more) co_return true;
      if (!held_.has_room(0)) {
        refusal = http_response(503, "the body was not read to its end: " + held_.budget()->no_room_text() + '\n');
        co_return true;
      }
      if (parser.head_done()) {
        if (gate_ && !std::exchange(head_judged, true)) {
          refusal = gate_(parser.peek_head());
          if (refusal) co_return true;
        }
        if (parser.wants_continue() && !continued) {
          continued = true;
          auto const sent = co_await write("HTTP/1.1 100 Continue\r\n\r\n");
          if (!sent) co_return false;
        }
        bound_silence("no more of the request body was received ");
      } else {
        if (parser.started() && !head_started) {
          head_started = true;
          head_by = std::min(head_by, later(clock_.now(), limits_.handshake));
        }
        ends_as_.reset();
        if (head_started) ends_as_ = errc::deadline_exceeded;
        timer_.arm(head_by, "no complete request head " + within_limit("handshake", limits_.handshake));
      }
      auto const more = co_await read();
      timer_.disarm();
      if (!more && sends_no_more_) parser.finish();
      if (!more) co_return parser.state() == parse_state::failed;
    }
  }

  /// The connection has ended: throws if a limit caused it. Silence between two requests is not an error.
  void throw_if_too_slow() const {
    if (timer_.fired() && ends_as_) throw std::system_error(*ends_as_, timer_.reason());
  }

 private:
  void bound_silence(std::string const& what) {
    ends_as_ = errc::limit_exceeded;
    timer_.arm(limits_.frame_idle, what + within_limit("frame_idle", limits_.frame_idle));
  }

  void drop(std::size_t count) {
    buffer rest(bytes.bytes().subspan(count));
    bytes = std::move(rest);
  }

  void rethrow_cancellation(std::error_code error) const {
    if (error == asio::error::operation_aborted && !timer_.fired()) throw std::system_error(error);
  }

  stream& stream_;
  clock& clock_;
  limits limits_;
  http_gate const& gate_;
  stream_timer timer_;
  bool sends_no_more_ = false;
  memory_share held_;            ///< for a request's body, then for its response
  std::optional<errc> ends_as_;  // when the timer fires
};

/// The handler's response, or a 500 if it threw.
task<http_response> answer(http_handler const& handler, http_request request) {
  std::string message;
  try {
    co_return co_await handler(std::move(request));
  } catch (std::system_error const& e) {
    if (e.code() == asio::error::operation_aborted) throw;
    message = e.what();
  } catch (std::exception const& e) {
    message = e.what();
  } catch (...) {
    message = "the handler threw something that is not a std::exception";
  }
  co_return http_response(500, message + '\n');
}

task<void> answer_into(http_handler const& handler, http_request request, std::optional<http_response>& made) {
  auto response = co_await answer(handler, std::move(request));
  made = std::move(response);
}

/// Stops `work` when the peer is gone; one that has only closed its half of the stream still gets its answer. What it
/// sends meanwhile is kept for later; a peer that sends much ahead is not watched any more, so that it cannot fill the
/// memory.
task<void> watch_peer(http_connection& peer, std::size_t most_bytes, task_group& work) {
  auto there = true;
  while (there && peer.bytes.size() < most_bytes) {
    try {
      there = co_await peer.read();
      if (peer.sends_no_more()) co_await peer.wait_until_gone();
    } catch (std::system_error const&) {
      there = false;  // the watch is no longer needed, or the stream was closed here
    }
  }
  if (!there) work.stop();
}

/// The handler's answer; nothing when the peer went first, which cancels the handler.
task<std::optional<http_response>> answer_watched(http_connection& peer, std::size_t most_bytes,
                                                  http_handler const& handler, http_request request) {
  auto const executor = co_await asio::this_coro::executor;
  task_group work(executor);
  task_group watch(executor);
  std::optional<http_response> response;
  work.spawn(answer_into(handler, std::move(request), response));
  watch.spawn(watch_peer(peer, most_bytes, work));
  std::exception_ptr failed;
  try {
    co_await work.join();
  } catch (...) {
    failed = std::current_exception();
  }
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  watch.stop();
  co_await watch.join();
  co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
  if (failed) std::rethrow_exception(failed);
  co_return response;
}

}  // namespace

task<std::optional<http_upgrade>> serve_http(stream& stream, buffer already_read, http_handler const& handler,
                                             limits limits, clock& clock, http_gate const& gate,
                                             memory_budget* memory) {
  http_connection peer(stream, clock, limits, gate, memory);
  peer.bytes = std::move(already_read);
  http_request_parser parser(limits);
  std::chrono::milliseconds idle = limits.handshake;
  for (;;) {
    auto const there = co_await peer.read_request(parser, idle);
    if (!there) peer.throw_if_too_slow();
    if (!there) co_return std::nullopt;
    if (parser.state() == parse_state::failed) peer.refusal = http_response(parser.status(), parser.message() + '\n');
    if (peer.refusal) {
      peer.refusal->keep_alive = false;
      auto const sent = co_await peer.write(to_text(*peer.refusal));
      if (!sent) peer.throw_if_too_slow();
      if (sent) co_await peer.linger();
      co_return std::nullopt;
    }

    auto request = parser.take_request();
    auto answered = co_await answer_watched(peer, limits.http_head_bytes, handler, request);
    if (!answered) co_return std::nullopt;
    auto& response = *answered;
    if (response.status == 101 || response.streams) {
      auto const sent = co_await peer.write(to_text(response));
      if (!sent) peer.throw_if_too_slow();
      if (!sent) co_return std::nullopt;
      co_return http_upgrade{std::move(request), std::move(peer.bytes)};
    }
    auto const is_last = peer.sends_no_more() && peer.bytes.empty();
    response.keep_alive = response.keep_alive && request.keep_alive && !is_last;
    response.to_http10 = request.http10;
    response.head_only = request.method == "HEAD";
    auto const keep_alive = response.keep_alive;
    auto const sent = co_await peer.send(std::move(response));
    if (!sent) peer.throw_if_too_slow();
    if (!sent || !keep_alive) co_return std::nullopt;
    idle = http_keep_alive_idle;
  }
}

http_server::http_server(dist::seams const& seams, address at, http_handler handler, dist::limits limits)
    : seams_(seams),
      handler_(std::move(handler)),
      limits_(limits),
      listener_(seams.network.listen(std::move(at))),
      connections_(seams.io.get_executor()) {}

task<void> http_server::run() {
  std::exception_ptr failure;
  auto full = false;
  while (!stopped_) {
    try {
      auto accepted = co_await listener_->accept();
      if (connections_.size() < limits_.connection_count) {
        full = false;
        connections_.spawn(serve(std::move(accepted)));
      } else if (!std::exchange(full, true)) {
        seams_.log.warn("http: closing new connections: " + std::to_string(limits_.connection_count) +
                        " are open, the maximum (connection_count)");
      }
    } catch (...) {
      failure = std::current_exception();
    }
    if (failure) break;
  }
  auto const asked_to = stopped_;
  stop();
  // After a cancellation every wait would throw, and the connections must still be seen to end.
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  co_await connections_.join();
  if (failure && !asked_to) std::rethrow_exception(failure);
}

void http_server::stop() noexcept {
  stopped_ = true;
  listener_->close();
  connections_.stop();
}

task<void> http_server::serve(std::unique_ptr<stream> stream) {
  auto const peer = stream->peer_address();
  std::string failed;
  http_gate const no_gate;
  try {
    auto const upgraded =
        co_await serve_http(*stream, buffer(), handler_, limits_, seams_.clock, no_gate, seams_.memory);
    if (upgraded) failed = "a handler answered 101, but this server supports no other protocol";
  } catch (std::system_error const& e) {
    if (e.code() != asio::error::operation_aborted) failed = e.what();
  } catch (std::exception const& e) {
    failed = e.what();
  }
  stream->close();
  if (!failed.empty()) seams_.log.warn("http: connection of " + peer + ": " + failed);
}

}  // namespace dist
