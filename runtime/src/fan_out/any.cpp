#include <dist/runtime/any.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>

namespace dist {
namespace {

constexpr std::size_t most_kept = 10;

}  // namespace

void vain_tries::failed(failed_input one) {
  ++failed_;
  if (first_.size() < most_kept) first_.push_back(std::move(one));
}

void vain_tries::give_up() {
  if (failed_ == 0) throw std::invalid_argument("dist::any: there are no inputs");
  std::ranges::sort(first_, {}, &failed_input::index);
  auto const failed = std::to_string(failed_);
  auto const head = said_no_ > 0 ? failed + " of " + std::to_string(failed_ + said_no_) +
                                       " calls failed and the others have no result"
                    : failed_ == 1 ? "the only call failed"
                                   : "all " + failed + " calls failed";
  auto what = sum_up(first_, head);
  if (failed_ > first_.size()) what.message += "; and " + std::to_string(failed_ - first_.size()) + " more";
  throw call_error(std::move(what));
}

}  // namespace dist
