#pragma once

#include <cstddef>
#include <dist/rpc/fault.hpp>
#include <dist/rpc/memory_budget.hpp>
#include <optional>
#include <string_view>

namespace dist {

/// The fault for `what` of `bytes` bytes that was dropped for lack of memory; `memory` may be null.
fault no_room(std::string_view what, std::size_t bytes, memory_budget const* memory, progress known);

/// Why a reply of `bytes` bytes is not kept for a peer for which `held` bytes wait already; empty if it is kept.
std::optional<fault> refuse_answer(std::size_t bytes, std::size_t held, std::size_t outbox_limit,
                                   memory_budget const* memory);

}  // namespace dist
