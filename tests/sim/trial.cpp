#include "trial.hpp"

#include <asio/this_coro.hpp>
#include <dist/rpc/sleep.hpp>

namespace dist::sim {

namespace {

task<void> wait(std::shared_ptr<trial_site> at, std::uint64_t us) {
  co_await sleep_for(at->self.clock, std::chrono::microseconds(us));
}

/// A nested call of a method, and its outcome.
task<std::uint64_t> nested_call(std::shared_ptr<trial_site> at, context ctx, std::uint64_t us) {
  constexpr method_kind kinds[] = {method_kind::plain, method_kind::waits, method_kind::wait_writes,
                                   method_kind::brief, method_kind::fails, method_kind::nests};
  call_facts about;
  about.nested = true;
  about.inherits_deadline = !ctx.deadline().is_never();
  about.kind = kinds[at->self.chance.below(std::size(kinds))];
  about.once = at->self.chance.below(8) == 0;
  auto const tag = at->calls.open(about);
  call_options options;
  if (about.once) options.once();
  auto call = start_trial(ctx, about.kind, tag, us / 2, options);
  std::optional<result<std::uint64_t>> got;
  std::exception_ptr failed;
  try {
    got = co_await std::move(call);
  } catch (...) {
    failed = std::current_exception();
  }
  if (at->self.dead() || failed)
    at->calls.forgotten(tag);
  else if (*got)
    at->calls.answered(tag, **got);
  else
    at->calls.failed(tag, got->error());
  if (failed) std::rethrow_exception(failed);
  if (!*got) throw call_error(got->error());
  co_return **got;
}

}  // namespace

std::uint64_t Trial::plain(context ctx, call_tag tag, std::uint64_t) const {
  at_->began(tag, ctx);
  return answer_to(tag);
}

std::uint64_t Trial::plain_writes(context ctx, call_tag tag, std::uint64_t) {
  at_->began(tag, ctx);
  return answer_to(tag);
}

std::uint64_t Trial::brief_one(call_tag tag, std::uint64_t) const {
  at_->began(tag);
  return answer_to(tag);
}

std::uint64_t Trial::fails(context ctx, call_tag tag, std::uint64_t) const {
  at_->began(tag, ctx);
  throw std::runtime_error("call " + std::to_string(tag) + " fails always");
}

std::uint64_t Trial::unsure(context ctx, call_tag tag, std::uint64_t us) const {
  at_->began(tag, ctx);
  if (at_->calls.begins(tag) < 1 + us % 5) throw transient("not yet");
  return answer_to(tag);
}

std::vector<std::uint64_t> Trial::large(context, std::vector<std::uint64_t> numbers) const {
  at_->began(numbers.at(0));
  for (auto& number : numbers) number = answer_to(number);
  return numbers;
}

task<std::uint64_t> Trial::waits(context ctx, call_tag tag, std::uint64_t us) const {
  auto const at = at_;
  at->began(tag, ctx);
  auto const session = at->sessions;
  co_await wait(at, us);
  at->ran_through(tag, session, ctx);
  co_return answer_to(tag);
}

task<std::uint64_t> Trial::wait_writes(context ctx, call_tag tag, std::uint64_t us) {
  auto const at = at_;
  at->began(tag, ctx);
  auto const session = at->sessions;
  co_await wait(at, us);
  at->ran_through(tag, session, ctx);
  co_return answer_to(tag);
}

task<std::uint64_t> Trial::stubborn(context ctx, call_tag tag, std::uint64_t us) const {
  auto const at = at_;
  at->began(tag, ctx);
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  co_await wait(at, us);
  co_return answer_to(tag);
}

task<std::uint64_t> Trial::nests(context ctx, call_tag tag, std::uint64_t us) const {
  auto const at = at_;
  at->began(tag, ctx);
  for (auto left = 1 + us % 2; left > 0; --left) co_await nested_call(at, ctx, us);
  co_return answer_to(tag);
}

task<std::uint64_t> Trial::nests_writing(context ctx, call_tag tag, std::uint64_t us) {
  auto const at = at_;
  at->began(tag, ctx);
  co_await nested_call(at, ctx, us);
  co_return answer_to(tag);
}

trial_result start_trial(dist::cluster const& on, method_kind kind, call_tag tag, std::uint64_t us, call_options options) {
  switch (kind) {
    case method_kind::plain: return try_call<&Trial::plain>(on, tag, us, options);
    case method_kind::plain_writes: return try_call<&Trial::plain_writes>(on, tag, us, options);
    case method_kind::wait_writes: return try_call<&Trial::wait_writes>(on, tag, us, options);
    case method_kind::brief: return try_call<&Trial::brief_one>(on, tag, us, options);
    case method_kind::fails: return try_call<&Trial::fails>(on, tag, us, options);
    case method_kind::transient: return try_call<&Trial::unsure>(on, tag, us, options);
    case method_kind::stubborn: return try_call<&Trial::stubborn>(on, tag, us, options);
    case method_kind::nests: return try_call<&Trial::nests>(on, tag, us, options);
    case method_kind::nests_writing: return try_call<&Trial::nests_writing>(on, tag, us, options);
    default: return try_call<&Trial::waits>(on, tag, us, options);
  }
}

}  // namespace dist::sim
