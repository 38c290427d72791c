#pragma once

#include <cstddef>
#include <dist/rpc/fault.hpp>
#include <dist/rpc/memory_budget.hpp>
#include <optional>
#include <string_view>

namespace dist {

/// `what` of so many bytes was dropped, because this process may not hold it; `memory` may be null.
fault no_room(std::string_view what, std::size_t bytes, memory_budget const* memory, progress known);

/// Why an answer of so many bytes is not kept for a peer for which `held` bytes wait already; nothing where it is.
std::optional<fault> refuse_answer(std::size_t bytes, std::size_t held, std::size_t outbox_limit,
                                   memory_budget const* memory);

}  // namespace dist
