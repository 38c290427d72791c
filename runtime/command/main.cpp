// The command `dist`: looks at a running master, makes calls, and is a master itself.
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "exit_code.hpp"
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
    throw dist::command_error(dist::exit_code::wrong_use, "master comes first: dist master [ADDR] [FLAGS]");
  return verb->run(given);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + (argc > 0), argv + argc});
  } catch (dist::command_error const& e) {
    std::cerr << "dist: " << e.what() << '\n';
    return e.code();
  } catch (std::exception const& e) {
    std::cerr << "dist: " << e.what() << '\n';
    return dist::exit_code::failed;
  }
}
