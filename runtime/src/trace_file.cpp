#include "trace_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <dist/runtime/run.hpp>
#include <system_error>
#include <utility>

namespace dist {
namespace {

std::string error_text(int number) { return std::generic_category().message(number); }

}  // namespace

trace_file::trace_file(std::string path, dist::log& log) : path_(std::move(path)), log_(log) {
  file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file_ < 0) throw usage_error("--trace " + path_ + ": " + error_text(errno) + "; name a file that can be written");
}

trace_file::~trace_file() {
  pending_ += "\n]\n";
  flush();
  ::close(file_);
}

void trace_file::put(std::string_view event) {
  if (failed_) return;
  if (!std::exchange(is_first_, false)) pending_ += ",\n";
  pending_ += event;
  if (pending_.size() >= flush_bytes) flush();
}

void trace_file::flush() noexcept {
  std::string_view rest = pending_;
  while (!failed_ && !rest.empty()) {
    auto const written = ::write(file_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      failed_ = true;
      log_.warn("--trace " + path_ + ": " + error_text(errno) + "; what comes from here on is not written");
      break;
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  pending_.clear();
}

}  // namespace dist
