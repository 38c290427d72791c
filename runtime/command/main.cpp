// The command `dist`: looks at a running master, makes calls, and is a master itself.
#include <cerrno>
#include <cstdlib>
#include <dist/rpc/detail/text.hpp>
#include <iostream>
#include <string>
#include <system_error>
#include <vector>

#include "process/standard_descriptors.hpp"
#include "program/exit_code.hpp"
#include "verbs.hpp"

namespace {

int run(std::vector<std::string> words) {
  if (!words.empty() && words.front() == "master") return dist::run_master({words.begin() + 1, words.end()});
  if (!words.empty() && words.front() == "help") words.front() = "--help";
  auto const given = dist::read_command_line(words, [](char const* name) { return std::getenv(name); });
  auto const* verb = given.verb.empty() ? nullptr : dist::find_verb(given.verb);
  if (given.help) {
    std::cout << dist::help_text(verb);
    return 0;
  }
  if (given.version) {
    std::cout << "dist " DIST_VERSION "\n";
    return 0;
  }
  if (given.verb == "master")
    throw dist::command_error(dist::exit_code::wrong_use, "put master first: dist master [ADDR] [FLAGS]");
  return verb->run(given);
}

/// A full disk or a closed output must not look like success.
int checked(int code) {
  errno = 0;
  if (std::cout.flush()) return code;
  std::cerr << "dist: standard output: "
            << (errno != 0 ? std::generic_category().message(errno) : std::string("output incomplete")) << '\n';
  return dist::exit_code::failed;
}

/// The message may quote a peer. Its own line ends are kept.
int fail(int code, std::string_view message) {
  std::cerr << "dist: " << dist::printable(message, message.size(), dist::line_ends::kept) << '\n';
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  dist::occupy_standard_descriptors();
  try {
    return checked(run({argv + (argc > 0), argv + argc}));
  } catch (dist::command_error const& e) {
    return fail(e.code(), e.what());
  } catch (std::exception const& e) {
    return fail(dist::exit_code::failed, e.what());
  }
}
