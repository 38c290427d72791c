#include "trace_file.hpp"

namespace dist {

trace_file::~trace_file() {
  pending_ += "\n]\n";
  flush();
}

void trace_file::put(std::string_view event) {
  if (file_.failed()) return;
  if (!std::exchange(is_first_, false)) pending_ += ",\n";
  pending_ += event;
  if (pending_.size() >= flush_bytes) flush();
}

void trace_file::flush() noexcept {
  file_.write(pending_);
  pending_.clear();
}

}  // namespace dist
