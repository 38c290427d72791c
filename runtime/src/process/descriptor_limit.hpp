#pragma once

#include <cstddef>

namespace dist {

/// Raises this process's soft limit on open files towards the hard one: most systems start with 1024, which a cluster of a few
/// hundred nodes exceeds. No effect where it is high already.
void raise_descriptor_limit() noexcept;

/// How many of `wanted` node processes the limit on open files allows; at least one. Each costs this process a few.
std::size_t affordable_processes(std::size_t wanted) noexcept;

/// The soft limit on open files.
std::size_t descriptor_limit() noexcept;

}  // namespace dist
