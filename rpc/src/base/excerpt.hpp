#pragma once

#include <cstddef>
#include <dist/rpc/detail/codec.hpp>
#include <span>
#include <string>

namespace dist {

/// The beginning of a value, or of a list of arguments, as JSON text for people: at most `most_bytes` of it, then `…`
/// where there was more. The bytes may end anywhere and may be anything: unreadable bytes end the text too.
std::string excerpt(codec as, std::span<std::byte const> bytes, std::size_t most_bytes);

}  // namespace dist
