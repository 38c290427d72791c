#include "record/trace_file.hpp"

namespace dist {
namespace {

constexpr std::string_view array_end = "\n]\n";

}  // namespace

trace_file::~trace_file() { file_.write(pending_.append(array_end)); }

void trace_file::put(std::string_view event) {
  if (file_.failed()) return;
  if (!std::exchange(is_first_, false)) pending_ += ",\n";
  pending_ += event;
  if (pending_.size() >= flush_bytes) flush();
}

void trace_file::flush() noexcept {
  file_.write(pending_, array_end);
  pending_.clear();
}

}  // namespace dist
