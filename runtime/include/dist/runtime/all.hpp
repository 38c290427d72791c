#pragma once

#include <dist/runtime/pending.hpp>
#include <exception>
#include <tuple>
#include <utility>
#include <vector>

namespace dist {

/// The results of calls that are under way, in their order. The first that fails, in that order, is thrown and the others
/// are cancelled.
template <class R>
task<std::vector<R>> all(std::vector<pending<R>> calls) {
  std::vector<R> results;
  results.reserve(calls.size());
  for (auto& call : calls) {
    auto one = co_await std::move(call);
    results.push_back(std::move(one));
  }
  co_return results;
}

template <class... R>
task<std::tuple<R...>> all(pending<R>... calls) {
  // Braces: the awaits happen from left to right; the calls run side by side since they were started.
  std::tuple<R...> results{co_await std::move(calls)...};
  co_return results;
}

}  // namespace dist
