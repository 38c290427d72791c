#include "master/dispatcher.hpp"  // of runtime: the simulation inspects the master
#include "scenario.hpp"
#include "trial.hpp"

// Runs in which a single fault happens again and again, so that its consequences can be checked exactly: random faults
// would hide them behind each other.

namespace dist::sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr auto drill_length = seconds(5);

/// Makes `count` calls at once, each taking `us`; `ended` counts their ends.
task<void> many_calls(dist::cluster on, ledger& calls, method_kind kind, std::size_t count, std::uint64_t us,
                      bool from_link, std::shared_ptr<std::size_t> ended) {
  std::vector<std::pair<call_tag, trial_result>> started;
  for (; count > 0; --count) {
    call_facts about;
    about.kind = kind;
    about.from_link = from_link;
    auto const tag = calls.open(about);
    started.emplace_back(tag, start_trial(on, kind, tag, us));
  }
  for (auto& [tag, call] : started) {
    auto const got = co_await std::move(call);
    ++*ended;
    if (got)
      calls.answered(tag, *got);
    else
      calls.failed(tag, got.error());
  }
}

}  // namespace

scenario::drill scenario::drill_of(std::uint64_t seed) {
  // Independent of everything else that the seed decides.
  test::seeded_entropy chance(seed ^ 0xD811'0000'0000'0000U);
  if (chance.below(12) != 0) return drill::none;
  constexpr drill all[] = {drill::resets, drill::drains, drill::turns};
  return all[chance.below(std::size(all))];
}

void scenario::prepare_drill() {
  if (drill_ == drill::none) return;
  calm_ = true;
  rolling_ = slow_links_ = false;
  tight_ = 0;
  latency_us_ = std::min<std::uint64_t>(latency_us_, 500);
  length_ = drill_length;
  options_.limits.calls_per_connection = limits().calls_per_connection;
  method_us_ = 0;
}

/// Some of these calls are on their way to a node that begins to drain. It gives them back, and they run once elsewhere.
void scenario::call_while_it_drains() {
  constexpr std::size_t count = 8;
  auto& master = world_->master();
  customers_.push_back({nullptr,
                        test::start(master.self.io, many_calls(master.master.calls(), calls_, method_kind::wait_writes, count,
                                                               1'000, false, std::make_shared<std::size_t>(0))),
                        &master.self});
}

void scenario::run_drill() {
  auto& master = world_->master();
  auto const ended = std::make_shared<std::size_t>(0);
  auto const begin = [this](process& in, task<void> work) {
    customers_.push_back({nullptr, test::start(in.io, std::move(work)), &in});
  };
  if (drill_ == drill::turns) {
    // The second job starts while the first one's calls fill the queue, and gets its turns.
    auto& first = *world_->jobs().at(0);
    auto& second = *world_->jobs().at(1);
    constexpr std::size_t many = 80;
    constexpr std::size_t few = 10;
    begin(first.self, many_calls(first.link.calls(), calls_, method_kind::wait_writes, many, 20'000, true, ended));
    auto const slots = static_cast<std::size_t>(master_calls().nodes().counts().slots);
    world_->at(world_->now() + milliseconds(60), [=, this, &first, &second] {
      auto const before = *ended;
      auto const late = std::make_shared<std::size_t>(0);
      begin(second.self, many_calls(second.link.calls(), calls_, method_kind::wait_writes, few, 20'000, true, late));
      watch_turns_ = [=, this] {
        if (*late < few) return false;
        // As many as its own calls, those already running, and one round.
        calls_.check(*ended <= before + few + 3 * slots, [&] {
          return "a job's " + std::to_string(few) + " calls had no turns: " + std::to_string(*ended - before) +
                 " calls of another ended before the last of them";
        });
        return true;
      };
      (void)first;
    });
    return;
  }
  begin(master.self, many_calls(master.master.calls(), calls_, method_kind::waits, 6, 2'000'000, false, ended));
  for (auto when = milliseconds(700); when < drill_length; when += milliseconds(drill_ == drill::resets ? 300 : 400))
    world_->at(when, [this] {
      for (auto const& plan : plans_) {
        auto* const node = world_->find(plan.name);
        if (!node) continue;
        hurt(plan.name, world_->now());
        ++faults_;
        if (drill_ == drill::resets) {
          event("reset the connection of " + plan.name);
          node->self.network.up->cut();
        } else {
          event("drain " + plan.name);
          node->drain();
        }
      }
    });
}

}  // namespace dist::sim
