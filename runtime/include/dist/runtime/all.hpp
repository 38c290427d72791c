#pragma once

#include <dist/runtime/detail/started_calls.hpp>
#include <exception>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace dist {

/// Waits for all; throws the first fault as soon as it arrives. `take(number, ended)` gets each.
template <class Take>
task<void> wait_for_all(started_calls& calls, std::vector<bool> may_fail, Take& take) {
  while (calls.left() > 0) {
    auto const one = co_await calls.next();
    if (one.reply.failed() && !may_fail[one.number]) throw call_error(*one.reply.failed());
    take(one);
  }
}

template <class R>
task<std::vector<R>> all_here(std::vector<pending<R>> calls, std::shared_ptr<call_book> home) {
  using value = pending_value<R>;
  started_calls started(std::move(home));
  for (auto const& one : calls) started.add(one.shared_caller(), one.record());
  std::vector<std::optional<R>> slots(calls.size());
  auto take = [&slots](started_calls::ended const& one) {
    auto got = one.read<typename value::type>();
    if constexpr (value::may_fail)
      slots[one.number].emplace(std::move(got));
    else
      slots[one.number].emplace(std::move(got).value());
  };
  co_await wait_for_all(started, std::vector<bool>(calls.size(), value::may_fail), take);
  std::vector<R> results;
  results.reserve(slots.size());
  for (auto& one : slots) results.push_back(std::move(*one));
  co_return results;
}

template <class... R>
task<std::tuple<R...>> all_here(std::tuple<pending<R>...> calls, std::shared_ptr<call_book> home) {
  started_calls started(std::move(home));
  std::apply([&](auto const&... one) { (started.add(one.shared_caller(), one.record()), ...); }, calls);
  std::tuple<std::optional<R>...> slots;
  auto take = [&slots](started_calls::ended const& one) {
    auto const fill = [&]<class T>(std::size_t number, std::optional<T>& slot) {
      if (number != one.number) return;
      auto got = one.read<typename pending_value<T>::type>();
      if constexpr (pending_value<T>::may_fail)
        slot.emplace(std::move(got));
      else
        slot.emplace(std::move(got).value());
    };
    std::size_t number = 0;
    std::apply([&](auto&... slot) { (fill(number++, slot), ...); }, slots);
  };
  std::vector<bool> const may_fail{pending_value<R>::may_fail...};  // named: g++ 12 refuses braces inside co_await
  co_await wait_for_all(started, may_fail, take);
  co_return std::apply([](auto&... slot) { return std::tuple<R...>(std::move(*slot)...); }, slots);
}

/// The results of calls that are under way, in their order: `co_await dist::all(std::move(calls))`.
///
/// Errors   the first fault to arrive is thrown as call_error and the others are cancelled. Those of try_call never
///          fail: they yield a value or a fault.
/// Cancel   terminal; dropping it too: the calls are cancelled.
/// Runs on  any executor; code without coroutines passes it to block_on.
template <class R>
task<std::vector<R>> all(std::vector<pending<R>> calls) {
  if (calls.empty()) co_return std::vector<R>();
  auto const home = home_of(calls);
  auto work = all_here(std::move(calls), home);
  co_return co_await run_on(home->get_executor(), std::move(work));
}

/// The same for calls without results.
task<void> all(std::vector<pending<void>> calls);

/// The same for calls of different methods: a std::tuple.
template <class... R>
  requires(sizeof...(R) > 0 && !(std::is_void_v<R> || ...))
task<std::tuple<R...>> all(pending<R>... calls) {
  std::shared_ptr<call_book> home;
  (void)((home = calls.shared_caller()) || ...);
  if (!home) throw call_error(make_fault(errc::stopped, "the cluster was stopped"));
  auto work = all_here(std::tuple<pending<R>...>(std::move(calls)...), home);
  co_return co_await run_on(home->get_executor(), std::move(work));
}

template <class... R>
  requires((std::is_void_v<R> || ...))
task<void> all(pending<R>...) {
    static_assert(sizeof...(R) > 99,
                  "dist: calls without a result must be awaited together as a std::vector<dist::pending<void>>");
    std::terminate();
}

}  // namespace dist
