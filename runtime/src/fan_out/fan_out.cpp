#include <dist/runtime/fan_out.hpp>

#include <algorithm>

namespace dist {
namespace {

constexpr std::size_t fewest_judged = 100;

}  // namespace

bool failure_limit::is_passed(std::size_t failed, std::size_t ended, std::optional<std::size_t> total,
                              more left) const noexcept {
  if (!share_) return failed > count_;
  auto const whole = total ? *total : left == more::yes ? std::max(ended, fewest_judged) : ended;
  return static_cast<double>(failed) * 100 > *share_ * static_cast<double>(whole);
}

std::string failure_limit::text() const {
  if (!share_) return std::to_string(count_);
  auto text = std::to_string(*share_);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text + " %";
}

}  // namespace dist
