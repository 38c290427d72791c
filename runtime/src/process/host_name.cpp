#include "process/host_name.hpp"

#include <unistd.h>

namespace dist {

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 && name[0] ? name : "node";
}

}  // namespace dist
