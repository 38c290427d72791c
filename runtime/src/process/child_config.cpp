#include "process/child_config.hpp"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <dist/rpc/detail/codec.hpp>
#include <dist/rpc/limits.hpp>
#include <stdexcept>
#include <system_error>

namespace dist {
namespace {

constexpr char variable[] = "DIST_ORDERS";

}  // namespace

std::string to_environment(child_config const& given) {
  buffer text;
  encode_result(codec::json, spelling::declared, text, given);
  return std::string(variable) + '=' + std::string(text.text());
}

std::optional<child_config> find_child_config() {
  auto const* const text = std::getenv(variable);
  if (!text) return std::nullopt;
  child_config given;
  if (auto const problem = decode_result(codec::json, as_bytes(text), limits{}.depth, given); !problem.empty())
    throw std::runtime_error(std::string(variable) +
                             " is only for node processes that this program starts: " + problem);
  return given;
}

void obey(child_config const& given) {
  ::unsetenv(variable);
  // No orphans: this process ends with its parent, even if that is killed.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != given.parent) throw std::runtime_error("the process that started this node has ended");
  // Ctrl-C reaches the whole terminal; the parent decides what it means.
  ::signal(SIGINT, SIG_IGN);
  // Output of methods goes to the parent through a pipe, line by line as on a terminal.
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
}

int make_secret_descriptor(std::string const& secret) {
  auto const fd = ::memfd_create("dist-secret", MFD_CLOEXEC);
  if (fd < 0 || ::write(fd, secret.data(), secret.size()) != static_cast<ssize_t>(secret.size()))
    throw std::system_error(errno, std::generic_category(), "cannot pass the secret to the node processes");
  return fd;
}

std::string take_secret(int descriptor) {
  // From the start: every node process shares the file's position.
  std::string text(4096, '\0');
  auto const count = ::pread(descriptor, text.data(), text.size(), 0);
  ::close(descriptor);
  text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return text;
}

}  // namespace dist
