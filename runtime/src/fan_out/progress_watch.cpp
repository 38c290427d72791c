#include <dist/runtime/detail/progress_watch.hpp>

#include <algorithm>

namespace dist {

fan_out_progress measured(std::size_t done, std::size_t failed, std::optional<std::size_t> total, duration elapsed) {
  fan_out_progress made;
  made.done = done;
  made.failed = failed;
  made.total = total;
  made.elapsed = elapsed;
  auto const seconds = std::chrono::duration<double>(elapsed).count();
  if (seconds > 0) made.per_second = static_cast<double>(done) / seconds;
  if (total && *total <= done) made.left = duration::zero();
  if (total && *total > done && made.per_second > 0) {
    auto const left = std::chrono::duration<double>(static_cast<double>(*total - done) / made.per_second);
    constexpr std::chrono::hours most(24 * 365 * 100);
    made.left = left < most ? std::chrono::duration_cast<duration>(left) : most;
  }
  return made;
}

fan_out_progress progress_of(fan_out_report const& report) {
  // It may come from a peer: a value that does not fit counts as unlimited.
  constexpr auto longest = std::chrono::floor<std::chrono::microseconds>(duration::max());
  auto const most = static_cast<std::uint64_t>(longest.count());
  std::chrono::microseconds const elapsed(static_cast<std::int64_t>(std::min(report.elapsed_us, most)));
  return measured(report.done, report.failed, report.total, elapsed);
}

progress_watch::progress_watch(std::shared_ptr<cluster_core> on, fan_out const& how, std::string name,
                               std::optional<std::size_t> total, std::function<void()> failed)
    : on_(std::move(on)),
      calls_(*on_->book()),
      name_(how.label().empty() ? std::move(name) : how.label()),
      total_(total),
      on_error_(std::move(failed)),
      started_(calls_.world().clock.now()) {
  auto const& world = calls_.world();
  if (!how.label().empty() && world.log.wants(log_level::warn))
    bar_.emplace(how.label(), progress_output::beside(world.log));
  if (bar_) add(bar_->every(), [this](fan_out_progress const& at) { bar_->show(at); });
  if (how.observer()) add(std::max<duration>(how.observe_every(), std::chrono::milliseconds(1)), how.observer());
  if (!views_->empty()) {
    self_.emplace(*this);
    arm();
  }
  if (!calls_.is_stopped()) listed_ = on_->list(*this);
}

progress_watch::~progress_watch() {
  // Once stopped, this may be another thread.
  if (!calls_.is_stopped()) on_->unlist(listed_);
  if (!self_) return;
  self_->end();
  stop();
  // Once stopped, the clock may be gone.
  if (calls_.is_stopped()) return;
  auto const last = measure();
  for (auto const& one : *views_) {
    if (one.is_shown) continue;
    try {
      one.show(last);
    } catch (...) {  // the fan-out has ended: no one to report to
    }
  }
}

void progress_watch::stop() noexcept {
  if (timer_ != timer_id::none && !calls_.is_stopped())
    calls_.world().clock.cancel(std::exchange(timer_, timer_id::none));
}

fan_out_progress progress_watch::measure() const {
  return measured(done_, failed_, total_, calls_.world().clock.now() - started_);
}

fan_out_report progress_watch::report() const {
  fan_out_report made;
  made.name = name_;
  made.done = done_;
  made.failed = failed_;
  made.total = total_;
  auto const elapsed = std::chrono::duration_cast<std::chrono::microseconds>(calls_.world().clock.now() - started_);
  made.elapsed_us = static_cast<std::uint64_t>(elapsed.count());
  return made;
}

void progress_watch::add(duration every, fan_out_observer show) {
  views_->push_back({every, later(started_, every), std::move(show)});
}

void progress_watch::arm() {
  auto const next = std::ranges::min_element(*views_, {}, &view::due)->due;
  timer_ = calls_.world().clock.schedule(next, [weak = self_->ref()] {
    if (auto* const self = weak.get()) self->tick();
  });
}

void progress_watch::tick() {
  timer_ = timer_id::none;
  auto const at = calls_.world().clock.now();
  auto const where = measure();
  // An observer may end the fan-out, and this with it.
  auto const weak = self_->ref();
  auto const views = views_;
  for (auto& one : *views) {
    if (one.due > at) continue;
    one.due = later(at, one.every);
    one.is_shown = true;
    std::exception_ptr thrown;
    try {
      one.show(where);
    } catch (...) {
      thrown = std::current_exception();
    }
    if (!weak.get()) return;
    one.is_shown = false;
    if (!thrown) continue;
    error_ = thrown;
    return on_error_();
  }
  arm();
}

}  // namespace dist
