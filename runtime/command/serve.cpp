#include <algorithm>
#include <dist/dist.hpp>
#include <iostream>
#include <limits>

#include "verbs.hpp"

namespace dist {
namespace {

/// Calls come from other programs; Ctrl-C or SIGTERM ends it.
task<void> serve(cluster& on) { co_await on.wait_for_nodes(std::numeric_limits<std::size_t>::max()); }

}  // namespace

int run_master(std::vector<std::string> const& words) {
  // argv as run expects it: the program, its role, then the user's flags.
  std::vector<std::string> arguments{"dist master"};
  auto const says = [&](std::string_view flag) {
    return std::ranges::any_of(words, [&](auto const& word) { return word == flag; });
  };
  if (says("--help") || says("-h")) {
    std::cout << master_help();
    return 0;
  }
  auto const has_address = !words.empty() && !words.front().starts_with('-');
  if (!says("--master")) arguments.insert(arguments.end(), {"--master", has_address ? words.front() : ":3000"});
  arguments.insert(arguments.end(), words.begin() + (has_address ? 1 : 0), words.end());
  std::vector<char*> pointers;
  for (auto& one : arguments) pointers.push_back(one.data());
  return run(static_cast<int>(pointers.size()), pointers.data(), services<>(), serve);
}

std::string master_help() {
  return "usage: dist master [ADDR] [FLAGS]\n"
         "\n"
         "  Runs a master without methods of its own. Nodes join it (PROGRAM --join ADDR); jobs (PROGRAM --connect "
         "ADDR),\n"
         "  JSON-RPC callers (POST /rpc) and this command use the nodes. Ctrl-C stops it. Default ADDR: :3000,\n"
         "  reachable only from this machine.\n"
         "\n"
         "Flags:\n"
         "  --secret-file FILE    the secret that nodes and callers must have; needed beyond this machine\n"
         "  --tls-cert FILE       its certificate; it then accepts only TLS\n"
         "  --tls-key FILE        the certificate's key\n"
         "  --tls-ca FILE         the authority that must have signed the certificates of nodes and callers\n"
         "  --insecure            listen beyond this machine without a secret\n"
         "  --heartbeat D         time between heartbeats, such as 500ms; default 1s\n"
         "  --lost-after D        declare a node lost after this much silence; default 30s\n"
         "  --limit NAME=N        a resource limit, such as frame_bytes=2GB; set it at nodes and jobs too\n"
         "  --go-nodes CIDR       networks whose Go nodes may join, such as 10.0.0.0/8,192.168.1.0/24\n"
         "  --register-path PATH  HTTP path where nodes register; default /register-node\n"
         "  --log LEVEL           off, error, warn, info or debug; default info\n"
         "  --log-format FORMAT   text, or json: one object per line with time, level and message\n"
         "\n"
         "Each flag is also an environment variable: DIST_SECRET_FILE=FILE is --secret-file FILE.\n"
         "Exit codes: 1 failed, 2 wrong use, 130 interrupted.\n";
}

}  // namespace dist
