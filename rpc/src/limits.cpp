#include <dist/rpc/limits.hpp>

namespace dist {

std::string within_limit(std::string_view name, std::chrono::milliseconds limit) {
  auto const ms = limit.count();
  auto text = "within " + (ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms");
  return text.append(", the limit (").append(name).append(")");
}

}  // namespace dist
