#pragma once

#include <string>

namespace dist {

/// The GNU build id that the linker gave this program, as hex; empty where it gave none.
std::string build_id();

}  // namespace dist
