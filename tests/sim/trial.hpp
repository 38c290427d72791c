#pragma once

#include <boost/describe/class.hpp>
#include <dist/dist.hpp>
#include <memory>
#include <vector>

#include "ledger.hpp"
#include "sim/process.hpp"

namespace dist::sim {

/// What the methods of one node's process know about the simulation.
struct trial_site {
  ledger& calls;
  process& self;
  test::virtual_clock& all;
  std::uint64_t const& sessions;  ///< how often this process has joined

  void began(call_tag tag) {
    if (!self.dead()) calls.began(tag, self.name());
  }
  void began(call_tag tag, context const& ctx) {
    began(tag);
    calls.check(!calls.about(tag).inherits_deadline || !ctx.deadline().is_never(), [&] {
      return "nested call " + std::to_string(tag) + " has no deadline, but the call that made it has one";
    });
  }
  /// `session` is the value of `sessions` when the call began. A call told to stop while it waited for its object still
  /// ends.
  void ran_through(call_tag tag, std::uint64_t session, context const& ctx) {
    if (self.dead()) return;
    calls.ran_through(tag, all.now());
    calls.check(session == sessions || ctx.cancelled(), [&] {
      return "call " + std::to_string(tag) + " ran on at " + self.name() + ", untold, after its session had ended";
    });
  }
};

using trial_result = pending<result<std::uint64_t>>;

/// Methods of every kind. Each returns answer_to() of its tag.
class Trial {
 public:
  Trial() = default;
  explicit Trial(std::shared_ptr<trial_site> at) : at_(std::move(at)) {}

  std::uint64_t plain(context ctx, call_tag tag, std::uint64_t us) const;
  std::uint64_t plain_writes(context ctx, call_tag tag, std::uint64_t us);
  task<std::uint64_t> waits(context ctx, call_tag tag, std::uint64_t us) const;
  task<std::uint64_t> wait_writes(context ctx, call_tag tag, std::uint64_t us);
  std::uint64_t brief_one(call_tag tag, std::uint64_t us) const;
  std::uint64_t fails(context ctx, call_tag tag, std::uint64_t us) const;
  std::uint64_t unsure(context ctx, call_tag tag, std::uint64_t us) const;
  std::vector<std::uint64_t> large(context ctx, std::vector<std::uint64_t> numbers) const;
  task<std::uint64_t> stubborn(context ctx, call_tag tag, std::uint64_t us) const;
  task<std::uint64_t> nests(context ctx, call_tag tag, std::uint64_t us) const;
  task<std::uint64_t> nests_writing(context ctx, call_tag tag, std::uint64_t us);

 private:
  std::shared_ptr<trial_site> at_;
};
BOOST_DESCRIBE_STRUCT(Trial, (), (plain, plain_writes, waits, wait_writes, brief_one, fails, unsure, large, stubborn, nests, nests_writing))

/// Starts a call of any kind but the large one.
trial_result start_trial(dist::cluster const& on, method_kind kind, call_tag tag, std::uint64_t us, call_options options = {});

}  // namespace dist::sim

template <>
inline constexpr bool dist::brief<&dist::sim::Trial::brief_one> = true;
