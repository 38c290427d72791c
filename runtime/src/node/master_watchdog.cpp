#include "node/master_watchdog.hpp"

#include <dist/rpc/detail/large_blocks.hpp>
#include <dist/rpc/sleep.hpp>
#include <utility>

namespace dist {

master_watchdog::master_watchdog(clock& time, connection& session, beat_times times)
    : clock_(time),
      session_(session),
      heartbeat_(times.heartbeat),
      rounds_({times.heartbeat, 2, times.lost_after}),
      pulse_{time.now(), false} {
  rounds_.begin_round(pulse_.last_heard);
}

task<void> master_watchdog::run(std::function<void(frame_header& beat)> on_beat) {
  auto sent = session_.sent_bytes();
  for (;;) {
    co_await sleep_for(clock_, heartbeat_);
    large_blocks::return_unused();
    auto const now = clock_.now();
    // A master that is still reading a large frame cannot answer the beats behind it.
    auto const before = std::exchange(sent, session_.sent_bytes());
    if (sent != before && !session_.out().left().empty()) heard(now);
    rounds_.begin_round(now);
    if (rounds_.judge(pulse_, now) == liveness_change::became_lost) {
      given_up_ = true;
      session_.close();
      co_return;
    }
    frame_header beat;
    beat.kind = frame_kind::beat;
    on_beat(beat);
    session_.out().put(beat);
  }
}

}  // namespace dist
