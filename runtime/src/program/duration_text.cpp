#include <dist/runtime/duration_text.hpp>

#include <charconv>
#include <cmath>
#include <string_view>

namespace dist {

result<std::chrono::nanoseconds> parse_duration(std::string const& text) {
  struct unit {
    std::string_view name;
    double seconds;
  };
  constexpr unit units[] = {{"ns", 1e-9}, {"us", 1e-6}, {"ms", 1e-3}, {"min", 60}, {"h", 3600}, {"s", 1}, {"", 1}};
  double number = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string_view const suffix(end, static_cast<std::size_t>(text.data() + text.size() - end));
  constexpr auto most = 9.2e18;  // nanoseconds; 291 years count as unlimited
  if (error == std::errc() && number >= 0 && number < 1e9)
    for (auto const& one : units)
      if (suffix == one.name)
        return number * one.seconds * 1e9 < most ? std::chrono::nanoseconds(std::llround(number * one.seconds * 1e9))
                                                 : std::chrono::nanoseconds::max();
  return make_fault(errc::bad_arguments, "a time is a number with the unit ms, s, min or h, such as 500ms");
}

}  // namespace dist
