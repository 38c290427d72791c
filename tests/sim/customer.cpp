#include "customer.hpp"

#include <dist/rpc/sleep.hpp>

#include "trial.hpp"

namespace dist::sim {

using std::chrono::microseconds;

task<void> customer::run(std::size_t count, duration time) {
  auto const gap = static_cast<std::uint64_t>(2 * time.count()) / std::max<std::size_t>(1, count);
  for (; count > 0 && !self_.dead(); --count) {
    running_.spawn(one_call());
    // Some come in bursts.
    if (chance_.below(3) != 0) co_await sleep_for(self_.clock, duration(static_cast<duration::rep>(chance_.below(gap))));
  }
  co_await running_.join();
}

/// Mostly milliseconds, sometimes seconds.
std::uint64_t customer::how_long() {
  auto const most = chance_.below(10) == 0 ? 2'000'000U : 40'000U;
  return chance_.below(most);
}

call_options customer::options_for(call_facts& about) {
  call_options options;
  until_ = deadline::never();
  if (about.once) options.once();
  if (about.has_deadline) {
    auto const left = microseconds(chance_.below(3) == 0 ? chance_.below(3'000) : chance_.below(1'500'000));
    options.within(left);
    until_ = deadline(self_.clock.now() + left);
  }
  about.gives_up = chance_.below(12) == 0;
  if (about.gives_up) options.wait_for_node(microseconds(chance_.below(2'000'000)));
  about.pinned = chance_.below(12) == 0;
  if (about.pinned) {
    about.pinned_to = "n" + std::to_string(1 + chance_.below(node_count_));
    options.needs("node=" + about.pinned_to);
  }
  return options;
}

task<void> customer::one_call() {
  call_facts about;
  about.from_link = from_link_;
  auto const what = chance_.below(24);
  if (what == 0) return fold_many();
  if (what == 1) return map_many();
  about.kind = static_cast<method_kind>(chance_.below(static_cast<std::uint64_t>(method_kind::count)));
  about.once = chance_.below(8) == 0;
  about.has_deadline = chance_.below(3) == 0;
  about.may_cancel = chance_.below(5) == 0;
  return about.kind == method_kind::large ? large_call(about) : small_call(about);
}

/// The reply to a call of ours has arrived.
void customer::settle(call_tag tag, call_facts const&, result<std::uint64_t> const& got) {
  if (self_.dead()) return calls_.forgotten(tag);
  if (got)
    calls_.answered(tag, *got);
  else
    calls_.failed(tag, got.error());
}

/// A deadline is exact, unless the process was frozen when it passed.
void customer::expect_in_time(call_tag tag, deadline until) {
  if (until.is_never() || self_.dead()) return;
  auto const last = std::max(until.at(), self_.thawed_at());
  auto const now = self_.clock.now();
  calls_.check(now <= last, [&] {
    return "call " + std::to_string(tag) + " ended " + std::to_string((now - last).count() / 1000) +
           " us after its deadline";
  });
}

task<void> customer::small_call(call_facts about) {
  // Named first: the facts it fills in are sent with the call.
  auto const options = options_for(about);
  auto const until = until_;
  auto const tag = calls_.open(about);
  auto call = start_trial(on_, about.kind, tag, how_long(), options);
  auto cancel = timer_id::none;
  if (about.may_cancel) {
    auto const when = microseconds(chance_.below(300'000));
    switch (chance_.below(3)) {
      case 0:
        cancel = self_.clock.schedule(self_.clock.now() + when, [this, tag, &call] {
          calls_.unwanted(tag, all_.now());
          call.cancel();
        });
        break;
      case 1:
        // Dropped: the outcome is never seen.
        co_await sleep_for(self_.clock, when);
        calls_.unwanted(tag, all_.now());
        calls_.forgotten(tag);
        co_return;
      default: {
        // Replaced by assignment.
        co_await sleep_for(self_.clock, when);
        calls_.unwanted(tag, all_.now());
        calls_.forgotten(tag);
        call_facts next;
        next.kind = method_kind::waits;
        next.from_link = from_link_;
        auto const other = calls_.open(next);
        call = start_trial(on_, next.kind, other, 1000);
        auto const got = co_await std::move(call);
        settle(other, next, got);
        co_return;
      }
    }
  }
  auto const got = co_await std::move(call);
  self_.clock.cancel(cancel);
  expect_in_time(tag, until);
  settle(tag, about, got);
}

task<void> customer::large_call(call_facts about) {
  about.may_cancel = false;
  auto const options = options_for(about);
  auto const until = until_;
  auto const tag = calls_.open(about);
  std::vector<std::uint64_t> numbers(1 + chance_.below(chance_.below(16) == 0 ? 20'000 : 1'000));
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = tag + i;
  auto call = try_call<&Trial::large>(on_, numbers, options);
  auto const got = co_await std::move(call);
  expect_in_time(tag, until);
  if (!got) {
    settle(tag, about, got.error());
    co_return;
  }
  bool same = got->size() == numbers.size();
  for (std::size_t i = 0; same && i < numbers.size(); ++i) same = (*got)[i] == answer_to(numbers[i]);
  settle(tag, about, same ? answer_to(tag) : 0);
}

task<void> customer::fold_many() {
  call_facts about;
  about.kind = method_kind::waits;
  about.from_link = from_link_;
  std::vector<call_tag> tags;
  std::vector<std::tuple<call_tag, std::uint64_t>> inputs;
  for (auto left = 1 + chance_.below(12); left > 0; --left) {
    tags.push_back(calls_.open(about));
    inputs.emplace_back(tags.back(), chance_.below(60'000));
  }
  // Each result once, in input order.
  auto fold = [&](std::size_t done, std::uint64_t one) {
    if (!self_.dead()) {
      calls_.check(done < tags.size(), [&] { return std::string("map_reduce folds more results than it has inputs"); });
      if (done < tags.size()) calls_.answered(tags[done], one);
    }
    return done + 1;
  };
  std::optional<fault> failed;
  std::size_t done = 0;
  auto work = map_reduce<&Trial::waits>(on_, inputs, std::size_t{0}, fold, fan_out().window(1 + chance_.below(8)));
  try {
    done = co_await std::move(work);
  } catch (call_error const& e) {
    failed = e.fault();
  }
  if (!failed && !self_.dead()) {
    calls_.check(done == tags.size(), [&] {
      return "map_reduce over " + std::to_string(tags.size()) + " inputs folded " + std::to_string(done);
    });
    co_return;
  }
  bool told = self_.dead();
  for (auto const tag : tags) {
    if (!calls_.is_open(tag)) continue;
    // The failed call is not known here: the first stands for it. Without a fault, its process has ended.
    if (std::exchange(told, true))
      calls_.forgotten(tag);
    else
      calls_.failed_somewhere(tag, *failed);
  }
}

task<void> customer::map_many() {
  call_facts about;
  about.kind = method_kind::wait_writes;
  about.from_link = from_link_;
  std::vector<call_tag> tags;
  std::vector<std::tuple<call_tag, std::uint64_t>> inputs;
  for (auto left = 1 + chance_.below(12); left > 0; --left) {
    tags.push_back(calls_.open(about));
    inputs.emplace_back(tags.back(), chance_.below(60'000));
  }
  auto work = try_map<&Trial::wait_writes>(on_, inputs, fan_out().window(1 + chance_.below(8)));
  auto const got = co_await std::move(work);
  calls_.check(got.size() == tags.size(), [&] { return std::string("try_map has not one outcome for each input"); });
  for (std::size_t i = 0; i < std::min(got.size(), tags.size()); ++i) settle(tags[i], about, got[i]);
}

}  // namespace dist::sim
