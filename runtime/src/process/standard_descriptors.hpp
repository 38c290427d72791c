#pragma once

namespace dist {

/// Takes the descriptors 0, 1 and 2 where the process was started without them, before a socket can become one of them
/// and receive printed text. Reading finds the end, writing fails.
void occupy_standard_descriptors() noexcept;

}  // namespace dist
