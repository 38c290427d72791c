#include "process/output_file.hpp"

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

output_file::output_file(std::string flag, std::string path, dist::log& log)
    : flag_(std::move(flag)), path_(std::move(path)), log_(log) {
  file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file_ < 0) throw usage_error(flag_ + " " + path_ + ": " + error_text(errno) + "; give a writable file");
}

output_file::~output_file() { ::close(file_); }

void output_file::write(std::string_view text) noexcept {
  while (!failed_ && !text.empty()) {
    auto const written = ::write(file_, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      failed_ = true;
      log_.warn(flag_ + " " + path_ + ": " + error_text(errno) + "; nothing more is written to it");
      return;
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

void output_file::write(std::string_view text, std::string_view ending) noexcept {
  if (::lseek(file_, 0, SEEK_CUR) < 0) return write(text);
  std::string whole(text);
  write(whole.append(ending));
  if (!failed_) ::lseek(file_, -static_cast<::off_t>(ending.size()), SEEK_CUR);
}

}  // namespace dist
