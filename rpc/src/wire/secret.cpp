#include "wire/secret.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace dist {
namespace {

class open_file {
 public:
  // Not blocking: opening a named pipe must not wait for its writer.
  explicit open_file(std::string const& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  open_file(open_file const&) = delete;
  open_file& operator=(open_file const&) = delete;
  ~open_file() {
    if (fd_ >= 0) ::close(fd_);
  }
  int fd() const noexcept { return fd_; }

 private:
  int fd_;
};

fault refuse(std::string const& path, std::string const& what) {
  return make_fault(errc::denied, "secret file " + path + ": " + what);
}

fault refuse_errno(std::string const& path, int error) {
  return refuse(path, "cannot be read: " + std::generic_category().message(error));
}

}  // namespace

result<std::string> read_secret_file(std::string const& path) {
  open_file const file(path);
  if (file.fd() < 0 && errno == ENOENT) return refuse(path, "not found; make one with: dist secret " + path);
  if (file.fd() < 0) return refuse_errno(path, errno);
  struct stat info{};
  if (::fstat(file.fd(), &info) != 0) return refuse_errno(path, errno);
  if (!S_ISREG(info.st_mode)) return refuse(path, "not a regular file");
  if (info.st_mode & (S_IRWXG | S_IRWXO))
    return refuse(path, "can be read or written by other users; run: chmod 600 " + path);

  std::string secret(secret_bytes_max + 2, '\0');
  std::size_t size = 0;
  while (size < secret.size()) {
    auto const count = ::read(file.fd(), secret.data() + size, secret.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return refuse_errno(path, errno);
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  secret.resize(size);
  while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) secret.pop_back();

  if (secret.empty()) return refuse(path, "empty; make one with: openssl rand -hex 32");
  if (secret.size() > secret_bytes_max)
    return refuse(path, "longer than the maximum of " + std::to_string(secret_bytes_max) + " bytes");
  if (secret.size() < secret_bytes_min)
    return refuse(path, std::to_string(secret.size()) + " bytes, the minimum is " + std::to_string(secret_bytes_min) +
                            "; make one with: openssl rand -hex 32");
  return secret;
}

}  // namespace dist
