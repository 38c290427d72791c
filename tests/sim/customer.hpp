#pragma once

#include <dist/dist.hpp>
#include <dist/rpc/task_group.hpp>

#include "ledger.hpp"
#include "sim/process.hpp"

namespace dist::sim {

/// Makes calls of every kind from one process, a master's or a job's, and abandons some of them.
class customer {
 public:
  customer(process& in, dist::cluster on, ledger& calls, std::uint64_t seed, bool from_link, std::size_t nodes,
           test::virtual_clock& all)
      : self_(in),
        on_(std::move(on)),
        calls_(calls),
        chance_(seed),
        from_link_(from_link),
        node_count_(nodes),
        all_(all),
        running_(in.io.get_executor()) {}

  /// Makes `count` calls over about `time`, and completes when all of them have.
  task<void> run(std::size_t count, duration time);

 private:
  task<void> one_call();
  task<void> small_call(call_facts about);
  task<void> large_call(call_facts about);
  task<void> fold_many();
  task<void> map_many();
  call_options options_for(call_facts& about);
  void settle(call_tag tag, call_facts const& about, result<std::uint64_t> const& got);
  void expect_in_time(call_tag tag, deadline until);
  std::uint64_t how_long();

  process& self_;
  dist::cluster on_;
  ledger& calls_;
  test::seeded_entropy chance_;
  bool from_link_;
  std::size_t node_count_;
  test::virtual_clock& all_;
  task_group running_;
  deadline until_;  ///< scratch space of options_for
};

}  // namespace dist::sim
