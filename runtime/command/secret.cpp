#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <cstring>
#include <dist/rpc/detail/system_entropy.hpp>
#include <dist/rpc/detail/text.hpp>
#include <iostream>

#include "program/exit_code.hpp"
#include "verbs.hpp"

namespace dist {
namespace {

[[noreturn]] void fail(std::string const& file, int error) {
  auto const* next =
      error == EEXIST
          ? "; a new secret locks out everyone with the old one: remove the file first, or choose another name"
      : error == ENOENT ? "; create its folder first"
                        : "";
  throw command_error(exit_code::failed, "cannot create " + file + ": " + std::strerror(error) + next);
}

}  // namespace

int make_secret(command_line const& given) {
  auto const& file = given.words.front();
  std::array<std::byte, 32> bytes;
  system_entropy().fill(bytes);
  auto const text = to_base64(bytes) + "\n";
  auto const made = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (made < 0) fail(file, errno);
  auto const written = ::write(made, text.data(), text.size());
  auto const error = written < 0 ? errno : static_cast<std::size_t>(written) < text.size() ? ENOSPC : 0;
  if (::close(made) != 0 || error != 0) {
    auto const why = error != 0 ? error : errno;
    ::unlink(file.c_str());
    fail(file, why);
  }
  if (given.json)
    std::cout << "{\"file\":" << boost::json::serialize(boost::json::value(file)) << "}\n";
  else
    std::cout << file
              << ": copy it to every machine of the cluster, and start master, nodes and jobs with --secret-file\n";
  return 0;
}

}  // namespace dist
