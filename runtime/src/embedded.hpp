#pragma once

#include <cstddef>
#include <dist/rpc/address.hpp>
#include <dist/rpc/log.hpp>
#include <string>
#include <vector>

namespace dist {

// What a local_cluster tells its node processes, in one environment variable.

std::vector<std::string> embedded_environment(address const& master, int secret_descriptor, std::size_t number,
                                              std::size_t slots, log_level level);

}  // namespace dist
