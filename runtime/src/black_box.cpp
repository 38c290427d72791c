#include "black_box.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <system_error>

namespace dist {
namespace {

[[noreturn]] void fail(int error) {
  throw std::system_error(error, std::generic_category(), "cannot share memory with a node process");
}

}  // namespace

struct black_box::page {
  std::atomic<std::uint64_t> incarnation;

  static page* map(int descriptor) noexcept {
    auto* const memory = ::mmap(nullptr, sizeof(page), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    // Zeros are a page on which nothing has happened.
    return memory == MAP_FAILED ? nullptr : static_cast<page*>(memory);
  }
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "two processes share it");

black_box::black_box() : descriptor_(::memfd_create("dist-black-box", MFD_CLOEXEC)) {
  if (descriptor_ < 0) fail(errno);
  if (::ftruncate(descriptor_, sizeof(page)) == 0) page_ = page::map(descriptor_);
  if (page_) return;
  auto const error = errno;
  ::close(descriptor_);
  fail(error);
}

black_box::black_box(int descriptor) : page_(page::map(descriptor)) {
  auto const error = errno;
  ::close(descriptor);
  if (!page_) fail(error);
}

black_box::~black_box() {
  ::munmap(page_, sizeof(page));
  if (descriptor_ >= 0) ::close(descriptor_);
}

void black_box::joined(std::uint64_t incarnation) noexcept { page_->incarnation.store(incarnation); }

std::uint64_t black_box::incarnation() const noexcept { return page_->incarnation.load(); }

}  // namespace dist
