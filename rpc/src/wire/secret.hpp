#pragma once

#include <cstddef>
#include <dist/rpc/result.hpp>
#include <string>

namespace dist {

/// The least a join secret may have.
inline constexpr std::size_t secret_bytes_min = 16;
inline constexpr std::size_t secret_bytes_max = 4096;

/// Reads a join secret: the file's content without the line breaks at its end.
///
/// Errors   errc::denied: not readable, not a regular file, readable by others than its owner (the message names the
///          chmod), empty, shorter than secret_bytes_min, longer than secret_bytes_max.
result<std::string> read_secret_file(std::string const& path);

}  // namespace dist
