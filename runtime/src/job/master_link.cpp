#include <dist/runtime/master_link.hpp>

#include <algorithm>
#include <asio/cancellation_state.hpp>
#include <asio/this_coro.hpp>
#include <dist/rpc/sleep.hpp>
#include <dist/rpc/task_group.hpp>
#include <optional>

#include "job/remote_caller.hpp"
#include "journal/run_journal.hpp"
#include "node/back_off.hpp"
#include "node/join.hpp"
#include "node/master_watchdog.hpp"
#include "process/host_of.hpp"
#include "wire/hello.hpp"
#include "wire/protocol_breach.hpp"

namespace dist {
class master_link::impl {
 public:
  impl(seams const& world, link_options options)
      : options_(std::move(options)),
        memory_(options_.limits),
        world_(with_memory(world, memory_)),
        book_(std::make_shared<call_book>(world_, options_.limits)),
        calls_(make_route<remote_caller>(book_, options_.services.methods())),
        core_(std::make_shared<cluster_core>(book_, *calls_)),
        tasks_(world.io.get_executor()) {
    calls_->wait_for_connection();
    if (!options_.trace_file.empty())
      calls_->draw_on(std::make_unique<trace>(world_, options_.trace_file, "waiting for the master"));
    if (!options_.failure_file.empty())
      calls_->write_failures(std::make_unique<failure_file>(options_.failure_file, world_.log));
    if (!options_.journal_file.empty())
      core_->keep_results(std::make_shared<run_journal>(options_.journal_file, world_.log));
  }

  task<void> open();
  task<void> run();
  void stop() noexcept;
  cluster calls() const { return cluster(core_); }

 private:
  task<void> stay();
  task<void> serve();
  task<void> tell_loop();
  void on_frame(frame& in);

  link_options options_;
  memory_budget memory_;
  seams world_;
  std::shared_ptr<call_book> book_;
  std::shared_ptr<remote_caller> calls_;
  std::shared_ptr<cluster_core> core_;
  task_group tasks_;
  std::unique_ptr<connection> session_;
  beat_times times_;
  std::optional<master_watchdog> watchdog_;  ///< of the session
  std::string last_problem_;
  bool stopping_ = false;
};

task<void> master_link::impl::open() {
  auto peer = co_await connect_within(world_, options_.master, options_.limits.handshake);
  auto answer = co_await ask_for_frames(world_, *peer, options_.master, options_.register_path, 0, options_.limits);
  if (answer.response.status != 101)
    throw registration_error(options_.master, options_.register_path, answer.response);
  auto session = std::make_unique<connection>(std::move(peer), world_, options_.limits);
  session->feed(answer.rest.bytes());
  hello me;
  me.role = role::caller;
  me.name = options_.name;
  auto const accepted = co_await introduce_in_time(world_, *session, me, options_.secret, options_.limits);
  times_ = times_of(accepted);
  session->tolerate_silence(system_patience(times_.heartbeat, times_.lost_after));
  session_ = std::move(session);
  calls_->attach(*session_);
}

task<void> master_link::impl::run() {
  tasks_.spawn(stay());
  std::exception_ptr failed;
  try {
    co_await tasks_.join();
  } catch (std::exception const& e) {
    failed = std::current_exception();
    calls_->give_up(e.what());
  }
  if (failed) std::rethrow_exception(failed);
}

task<void> master_link::impl::stay() {
  for (unsigned failures = 0; !stopping_;) {
    std::string why;
    try {
      if (!session_) co_await open();
      failures = 0;
      last_problem_.clear();
      co_await serve();
      why = "the master closed the connection";
    } catch (std::system_error const& e) {
      why = e.what();
      if (e.code() == errc::denied) throw;
    } catch (std::exception const& e) {
      why = e.what();
    }
    if (stopping_) co_return;
    // Once for each problem, not for each attempt.
    if (std::exchange(last_problem_, why) != why)
      world_.log.warn(with_address("lost the master", to_text(options_.master), why) + "; trying again");
    co_await sleep_for(world_.clock, pause_before_retry(failures++, world_.entropy));
  }
}

task<void> master_link::impl::serve() {
  watchdog_.emplace(world_.clock, *session_, times_);
  task_group beats(world_.io.get_executor());
  std::function<void(frame_header&)> on_beat = [this](frame_header&) { calls_->flush_trace(); };
  beats.spawn(watchdog_->run(std::move(on_beat)));
  beats.spawn(tell_loop());
  std::exception_ptr failed;
  std::string why = "the master closed the connection";
  try {
    co_await session_->run([this](frame& in) { on_frame(in); }, [this] { watchdog_->heard(world_.clock.now()); },
                           [this] { book_->tell_waiters(); });
  } catch (std::exception const& e) {
    failed = std::current_exception();
    why = e.what();
  }
  if (watchdog_->has_given_up()) {
    why = "it is silent";
    failed = std::make_exception_ptr(std::system_error(errc::connection_lost, why));
  }
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  calls_->detach(why);
  beats.stop();
  co_await beats.join();
  session_.reset();
  co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
  if (failed) std::rethrow_exception(failed);
}

/// Reports the progress of this job's fan-outs to the master: those that take longer than a second.
task<void> master_link::impl::tell_loop() {
  struct telling {
    bool is_under_way = false;
    bool is_wanted = true;
  };
  auto const state = std::make_shared<telling>();
  bool knows_some = false;
  while (state->is_wanted) {
    co_await sleep_for(world_.clock, std::chrono::seconds(1));
    if (state->is_under_way) continue;
    auto const fan_outs = core_->fan_outs();
    if (fan_outs.empty() && !knows_some) continue;
    knows_some = !fan_outs.empty();
    state->is_under_way = true;
    calls_->show_progress(fan_outs, [state](fault const* failed) {
      // Much may be in flight just now; any other fault means that the master does not support it.
      *state = {false, !failed || failed->code == errc::overloaded};
    });
  }
}

void master_link::impl::on_frame(frame& in) {
  switch (in.header().kind) {
    case frame_kind::reply: return calls_->on_reply(in);
    case frame_kind::fault: return calls_->on_fault(in);
    case frame_kind::beat: return;
    case frame_kind::goodbye:
      throw call_error(
          make_fault(errc::connection_lost, "the master closed the session: " + std::string(as_text(in.bytes()))));
    case frame_kind::request:
      return put_fault(session_->out(), in.header().id, make_fault(errc::unknown_method, "a job serves no methods"));
    case frame_kind::cancel:
    case frame_kind::drain: return;  // nothing runs here
    case frame_kind::challenge:
    case frame_kind::hello:
    case frame_kind::welcome: throw protocol_breach("a handshake frame after the handshake");
  }
}

void master_link::impl::stop() noexcept {
  stopping_ = true;
  calls_->stop();
  if (session_) session_->close();
  tasks_.stop();
}

master_link::master_link(seams const& world, link_options options)
    : impl_(std::make_unique<impl>(world, std::move(options))) {}
master_link::~master_link() = default;
task<void> master_link::open() { return impl_->open(); }
task<void> master_link::run() { return impl_->run(); }
void master_link::stop() noexcept { impl_->stop(); }
cluster master_link::calls() const { return impl_->calls(); }

}  // namespace dist
