#include <dist/runtime/any.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>

namespace dist {
namespace {

constexpr std::size_t most_kept = 10;

}  // namespace

void failed_tries::add(failed_input one) {
  ++count_;
  if (first_.size() < most_kept) first_.push_back(std::move(one));
}

void failed_tries::give_up() {
  if (count_ == 0) throw std::invalid_argument("dist::any: without inputs there is no answer");
  std::ranges::sort(first_, {}, &failed_input::index);
  auto what = sum_up(first_, count_ == 1 ? "the only call failed" : "all " + std::to_string(count_) + " calls failed");
  if (count_ > first_.size()) what.message += "; and " + std::to_string(count_ - first_.size()) + " more";
  throw call_error(std::move(what));
}

}  // namespace dist
