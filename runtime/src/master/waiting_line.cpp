#include "master/waiting_line.hpp"

#include <algorithm>

namespace dist {

task<void> waiting_line::wait(unproven_peers::share const& who) {
  place mine;
  mine.who = &who;
  struct leaving {
    ~leaving() {
      if (mine.waits) line.waiting_.erase(at);
    }
    waiting_line& line;
    place& mine;
    std::list<place*>::iterator at;
  } const at_end{*this, mine, waiting_.insert(waiting_.end(), &mine)};
  some_.set();
  co_await mine.turn.wait();
}

task<void> waiting_line::someone() {
  while (waiting_.empty()) co_await some_.wait();
}

void waiting_line::let_go(place& one) {
  one.waits = false;
  one.turn.set();
}

duration waiting_line::release_one(pause_of const& pause) {
  auto shortest = duration::max();
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    auto& one = **at;
    auto const gone = one.who->is_crowded_out();
    auto const left = gone ? duration::zero() : pause(one.who->party());
    if (left > duration::zero()) {
      shortest = std::min(shortest, left);
      ++at;
      continue;
    }
    let_go(one);
    at = waiting_.erase(at);
    if (!gone) return duration::zero();
  }
  return waiting_.empty() ? duration::zero() : shortest;
}

}  // namespace dist
