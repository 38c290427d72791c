#include "journal/journal_lock.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <dist/runtime/run.hpp>
#include <system_error>

namespace dist {
namespace {

/// Beyond the bytes that SQLite locks, and beyond the end of any file.
constexpr ::off_t lock_byte = ::off_t{1} << 60;

/// Those that linux/magic.h lacks: CIFS, SMB2, Lustre, GPFS, BeeGFS.
constexpr std::array<unsigned long, 8> network_systems{NFS_SUPER_MAGIC, SMB_SUPER_MAGIC, CEPH_SUPER_MAGIC, 0xFF534D42,
                                                       0xFE534D42,      0x0BD00BD0,      0x47504653,       0x19830326};

char const* advice_on_open(int error) {
  switch (error) {
    case ENOENT: return "; create its folder first";
    case EISDIR: return "; give the name of a file";
    case EACCES:
    case EPERM: return "; give a file in a folder that you may write to";
    case EROFS: return "; give a file on a file system that is not read-only";
    case ENOSPC:
    case EDQUOT: return "; free some space, or give a file on another file system";
    default: return "; give a writable file";
  }
}

[[noreturn]] void refuse_journal(std::string const& path, int error, char const* advice) {
  throw usage_error("--journal " + path + ": " + std::generic_category().message(error) + advice);
}

}  // namespace

journal_lock::journal_lock(std::string const& path) {
  file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
  if (file_ < 0) {
    auto const error = errno;
    refuse_journal(path, error, advice_on_open(error));
  }
  struct ::stat about {};
  if (::fstat(file_, &about) != 0 || !S_ISREG(about.st_mode)) {
    ::close(file_);
    throw usage_error("--journal " + path + ": not a regular file; give the name of a file");
  }
  struct ::flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = lock_byte;
  lock.l_len = 1;
  if (::fcntl(file_, F_OFD_SETLK, &lock) == 0) return;
  auto const error = errno;
  ::close(file_);
  if (error == EAGAIN || error == EACCES)
    throw usage_error("--journal " + path +
                      ": in use by another process; wait until that has ended, or give another file");
  refuse_journal(path, error, "; give a file on a file system with locks, such as a local disk");
}

journal_lock::~journal_lock() { ::close(file_); }

bool journal_lock::is_on_network() const noexcept {
  struct ::statfs about {};
  if (::fstatfs(file_, &about) != 0) return false;
  auto const type = static_cast<unsigned long>(about.f_type) & 0xFFFFFFFF;
  return std::ranges::find(network_systems, type) != network_systems.end();
}

}  // namespace dist
