#include "base/unblocked_output.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <ctime>
#include <string>

namespace dist {
namespace {

constexpr int longest_wait_ms = 10;

/// Blocks SIGPIPE in this thread and consumes the one that a write has caused. The process's own handling of the signal
/// stays as it is: a job whose output goes to `head` should end with it.
class no_sigpipe {
 public:
  no_sigpipe() noexcept {
    ::sigemptyset(&sigpipe_);
    ::sigaddset(&sigpipe_, SIGPIPE);
    sigset_t pending;
    was_pending_ = ::sigpending(&pending) == 0 && ::sigismember(&pending, SIGPIPE) == 1;
    ::pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
  }
  ~no_sigpipe() {
    timespec const now{};
    if (!was_pending_)
      while (::sigtimedwait(&sigpipe_, nullptr, &now) < 0 && errno == EINTR) {}
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  no_sigpipe(no_sigpipe const&) = delete;
  no_sigpipe& operator=(no_sigpipe const&) = delete;

 private:
  sigset_t sigpipe_;
  sigset_t before_;
  bool was_pending_ = false;
};

}  // namespace

unblocked_output::~unblocked_output() {
  if (own_ >= 0) ::close(own_);
}

void unblocked_output::open() noexcept {
  struct stat is {};
  kind_ = kind::file;
  if (::fstat(descriptor_, &is) != 0) return;
  if (S_ISSOCK(is.st_mode)) kind_ = kind::socket;
  if (!S_ISFIFO(is.st_mode) && !S_ISCHR(is.st_mode)) return;
  // O_NONBLOCK on the descriptor itself would affect every process that shares it, such as the shell.
  try {
    auto const path = "/proc/self/fd/" + std::to_string(descriptor_);
    own_ = ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  } catch (...) {  // no memory for the path
  }
  kind_ = own_ >= 0 ? kind::reopened : kind::shared;
}

bool unblocked_output::becomes_writable(int milliseconds) const noexcept {
  pollfd until{own_ >= 0 ? own_ : descriptor_, POLLOUT, 0};
  int ready = 0;
  while ((ready = ::poll(&until, 1, milliseconds)) < 0 && errno == EINTR) {}
  return ready > 0;
}

std::ptrdiff_t unblocked_output::put(std::string_view text) noexcept {
  switch (kind_) {
    case kind::unknown:
    case kind::file: break;
    case kind::socket: return ::send(descriptor_, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    case kind::reopened: {
      no_sigpipe const guard;
      return ::write(own_, text.data(), text.size());
    }
    case kind::shared: {
      errno = EAGAIN;
      if (!becomes_writable(0)) return -1;
      // A pipe that is writable takes this much without blocking.
      no_sigpipe const guard;
      return ::write(descriptor_, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
    }
  }
  return ::write(descriptor_, text.data(), text.size());
}

void unblocked_output::write(std::string_view text) noexcept {
  if (kind_ == kind::unknown) open();
  auto const whole = text.size();
  while (!text.empty()) {
    auto const written = put(text);
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      if (is_stalled_ || !becomes_writable(longest_wait_ms)) {
        is_stalled_ = true;
        break;
      }
    } else if (errno != EINTR) {
      break;
    }
  }
  if (text.empty()) {
    is_stalled_ = false;
    return;
  }
  is_torn_ = is_torn_ || text.size() < whole;
  drop(text);
}

void unblocked_output::drop(std::string_view text) noexcept {
  dropped_ += static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

}  // namespace dist
