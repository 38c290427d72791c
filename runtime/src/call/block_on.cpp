#include <dist/runtime/block_on.hpp>

#include <string>

namespace dist {

thread_block::thread_block(compute_threads& on) : on_(on) {
  if (on_.begin_block()) return;
  auto const slots = on_.slots();
  throw call_error(
      make_fault(errc::overloaded,
                 "block_on would deadlock: of the " + std::to_string(2 * slots) + " threads of this node (" +
                     std::to_string(slots) + (slots == 1 ? " slot" : " slots") +
                     " and as many spare ones) all others block in calls of their own, and nothing would be left "
                     "to run these; make the method a coroutine that awaits its calls, or give the node more slots"));
}

}  // namespace dist
