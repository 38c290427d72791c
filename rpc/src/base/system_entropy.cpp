#include <dist/rpc/detail/system_entropy.hpp>

#include <sys/random.h>

#include <cerrno>
#include <system_error>

namespace dist {

void system_entropy::fill(std::span<std::byte> out) {
  while (!out.empty()) {
    auto const count = ::getrandom(out.data(), out.size(), 0);
    if (count >= 0)
      out = out.subspan(static_cast<std::size_t>(count));
    else if (errno != EINTR)
      throw std::system_error(errno, std::system_category(), "cannot get random bytes from the kernel");
  }
}

std::uint64_t system_entropy::next() {
  if (left_ == 0) {
    fill(std::as_writable_bytes(std::span(stock_)));
    left_ = stock_.size();
  }
  return stock_[--left_];
}

}  // namespace dist
