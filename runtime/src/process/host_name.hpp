#pragma once

#include <string>

namespace dist {

/// This machine's name; "node" where it has none.
std::string host_name();

}  // namespace dist
