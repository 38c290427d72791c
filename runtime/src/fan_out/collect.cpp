#include <dist/runtime/collect.hpp>

#include <algorithm>

namespace dist {
namespace {

constexpr std::size_t most_named = 10;

}  // namespace

std::string to_text(failed_input const& one) {
  return "input " + std::to_string(one.index) + (one.input.empty() ? "" : " " + one.input) + ": " + to_text(one.what);
}

fault sum_up(std::vector<failed_input> const& failures, std::string const& head) {
  auto made = failures.front().what;
  made.cause = to_text(made);
  made.message = head;
  auto const named = std::min(failures.size(), most_named);
  for (std::size_t i = 0; i < named; ++i) made.message += (i == 0 ? ": " : "; ") + to_text(failures[i]);
  if (failures.size() > named) made.message += "; and " + std::to_string(failures.size() - named) + " more";
  return made;
}

void failure_list::sort() { std::ranges::sort(failures_, {}, &failed_input::index); }

void failure_list::judge(std::size_t ended, std::optional<std::size_t> total, failure_limit::more left) {
  if (!limit_.is_passed(failures_.size(), ended, total, left)) return;
  sort();
  auto const count = failures_.size();
  throw call_error(sum_up(failures_, std::to_string(count) + (count == 1 ? " input" : " inputs") +
                                         " failed, more than max_failures(" + limit_.text() + ") allows"));
}

std::vector<failed_input> failure_list::take() {
  sort();
  return std::move(failures_);
}

}  // namespace dist
