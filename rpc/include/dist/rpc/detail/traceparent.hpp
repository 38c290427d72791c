#pragma once

#include <string_view>

namespace dist {

/// Whether `text` is the value of a `traceparent` header: `00-`, 32 digits of the trace, `-`, 16 of the span, `-`, two of
/// flags, or a later version that begins so. W3C Trace Context, 3.2.
bool is_traceparent(std::string_view text) noexcept;

}  // namespace dist
