#include <dist/runtime/detail/conversion.hpp>

namespace dist {

std::string loss::text() const {
  return from() + ' ' + to_text(value) + " does not fit " + to();
}

std::string lost_argument(loss const& what, std::size_t number) {
  return "argument " + std::to_string(number) + ": " + what.text();
}

}  // namespace dist
