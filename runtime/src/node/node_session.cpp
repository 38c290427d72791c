#include "node/node_session.hpp"

#include <asio/cancellation_state.hpp>
#include <asio/this_coro.hpp>

#include "process/crash_record.hpp"
#include "wire/protocol_breach.hpp"

namespace dist {

calls_of_methods::calls_of_methods(seams const& world, limits const& bounds, service_table const& services)
    : book(std::make_shared<call_book>(world, bounds)),
      route(make_route<remote_caller>(book, services.methods())),
      core(std::make_shared<cluster_core>(book, *route)) {}

node_session::node_session(std::unique_ptr<connection> over, seams const& world, limits const& bounds,
                           service_table& services, welcome const& accepted, duration drain_limit, crash_record* record)
    : session_(std::move(over)),
      world_(world),
      record_(record),
      times_(times_of(accepted)),
      drain_limit_(drain_limit),
      nested_(world, bounds, services),
      requests_(std::make_shared<request_runner>(*session_, world, bounds, services, accepted.name, nested_.core, record,
                                                 static_cast<request_watcher&>(*this))) {
  nested_.route->attach(*session_);
  session_->tolerate_silence(system_patience(times_.heartbeat, times_.lost_after));
  nested_.route->refuse_with([this](call_record const& call) { return requests_->why_deadlocks(call); });
}

task<void> node_session::run() {
  heard_ = world_.clock.now();
  watchdog_.emplace(world_.clock, *session_, times_);
  task_group beats(world_.io.get_executor());
  std::function<void(frame_header&)> on_beat = [this](frame_header& beat) {
    beat.id.index = static_cast<std::uint32_t>(requests_->size());
    send_printed();
  };
  beats.spawn(watchdog_->run(std::move(on_beat)));
  std::exception_ptr failed;
  std::string why = "the master closed the connection";
  try {
    co_await session_->run([this](frame& in) { on_frame(in); },
                           [this] { watchdog_->heard(heard_ = world_.clock.now()); },
                           [this] { nested_.book->tell_waiters(); });
  } catch (std::exception const& e) {
    failed = std::current_exception();
    why = e.what();
  }
  if (watchdog_->has_given_up()) {
    why = "the master is silent";
    failed = std::make_exception_ptr(call_error(make_fault(errc::connection_lost, why)));
  }
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  nested_.route->detach(why);
  nested_.route->stop();
  nested_.route->refuse_with({});
  requests_->stop();
  beats.stop();
  co_await beats.join();
  if (drain_timer_ != timer_id::none) world_.clock.cancel(std::exchange(drain_timer_, timer_id::none));
  if (failed && !drained()) std::rethrow_exception(failed);
}

void node_session::send_printed() {
  if (!record_ || !master_takes_text_) return;
  auto const text = record_->take_printed();
  if (text.lines.empty()) return;
  nested_.route->show_text(text.lines, text.is_shown, [to = weak_from_this()](fault const* failed) {
    // Much may be in flight just now; any other fault means that the master does not support it.
    if (!failed || failed->code == errc::overloaded) return;
    if (auto const session = to.lock()) session->master_takes_text_ = false;
  });
}

void node_session::on_frame(frame& in) {
  switch (in.header().kind) {
    case frame_kind::request: return requests_->on_request(in, heard_, drain_.takes_calls());
    case frame_kind::cancel: return requests_->on_cancel(in.header().id, in.header().deadline_us);
    case frame_kind::reply: return nested_.route->on_reply(in);
    case frame_kind::fault: return nested_.route->on_fault(in);
    case frame_kind::beat: return;
    case frame_kind::drain:
      if (drain_.heard_from_master()) drain(drain_limit_);
      return leave_if_idle();
    case frame_kind::goodbye:
      throw call_error(
          make_fault(errc::connection_lost, "the master closed the session: " + std::string(as_text(in.bytes()))));
    case frame_kind::challenge:
    case frame_kind::hello:
    case frame_kind::welcome: throw protocol_breach("a handshake frame after the handshake");
  }
}

void node_session::drain(duration limit) {
  if (!drain_.begin()) return;
  frame_header header;
  header.kind = frame_kind::drain;
  session_->out().put(header);
  if (limit != duration::max())
    drain_timer_ = world_.clock.schedule(later(world_.clock.now(), limit), [this] {
      drain_timer_ = timer_id::none;
      say_goodbye("the drain limit expired with " + std::to_string(requests_->size()) + " calls running");
    });
}

void node_session::process_ends() {
  kills_ = true;
  drain(drain_limit_);
  leave_if_idle();
}

void node_session::leave_if_idle() {
  if (drain_.may_leave(requests_->awaited())) say_goodbye(kills_ ? "its process ends because of kill_after" : "drained");
}

void node_session::say_goodbye(std::string const& why) {
  if (!drain_.leave()) return;
  send_printed();
  frame_header header;
  header.kind = frame_kind::goodbye;
  session_->out().put(header, as_bytes(why));
  session_->close_when_read();
}

}  // namespace dist
