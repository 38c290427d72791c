#include "call/no_room.hpp"

#include <string>

namespace dist {
namespace {

/// The limit may be exceeded by this factor for a peer that does not read: it made its calls before that was known, and
/// only their replies follow.
constexpr std::size_t answers_beyond_limit = 4;

}  // namespace

fault no_room(std::string_view what, std::size_t bytes, memory_budget const* memory, progress known) {
  // A request that could fit later may be retried.
  auto const later = known == progress::not_started && memory && memory->ever_has_room_for_request(bytes);
  auto made = make_fault(later ? errc::overloaded : errc::limit_exceeded,
                         std::string(what) + " of " + std::to_string(bytes) +
                             " bytes was dropped: " + (memory ? memory->no_room_text() : "there is no memory for it"));
  made.known = known;
  return made;
}

std::optional<fault> refuse_answer(std::size_t bytes, std::size_t held, std::size_t outbox_limit,
                                   memory_budget const* memory) {
  if (held / answers_beyond_limit >= outbox_limit) {
    auto what =
        make_fault(errc::limit_exceeded,
                   "its result of " + std::to_string(bytes) + " bytes was dropped: the caller reads so slowly that " +
                       std::to_string(answers_beyond_limit) + " times the limit (outbox_bytes) of " +
                       std::to_string(outbox_limit) + " bytes are waiting to be sent");
    what.known = progress::executed;
    return what;
  }
  if (memory && !memory->has_room(held, bytes)) return no_room("its result", bytes, memory, progress::executed);
  return std::nullopt;
}

}  // namespace dist
