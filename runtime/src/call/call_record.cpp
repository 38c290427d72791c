#include <dist/runtime/detail/call_record.hpp>

#include <utility>

namespace dist {

void call_record::set_options(std::shared_ptr<request_options const> given) {
  options = std::move(given);
  if (!options || !options->node_wait_us) return;
  // It may come from a peer: what does not fit never times out.
  constexpr auto longest = std::chrono::floor<std::chrono::microseconds>(duration::max());
  if (*options->node_wait_us < static_cast<std::uint64_t>(longest.count()))
    node_wait = std::chrono::microseconds(*options->node_wait_us);
}

}  // namespace dist
