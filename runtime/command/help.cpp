#include <algorithm>

#include "verbs.hpp"

namespace dist {
namespace {

int never(command_line const&) { return 0; }

constexpr verb verbs[] = {
    {"nodes", "nodes", "the nodes, what they are and what they do", 0, 0, show_nodes},
    {"methods", "methods", "the methods of the nodes, with the types of arguments and results", 0, 0, show_methods},
    {"call", "call METHOD [JSON...]", "calls a method and prints its result; each word is one argument", 1, 1'000,
     make_call},
    {"jobs", "jobs", "the jobs that use the master's nodes (PROGRAM --connect ADDR)", 0, 0, show_jobs},
    {"cancel", "cancel JOB", "ends the calls of a job, given by its number or its name", 1, 1, cancel_job},
    {"logs", "logs NODE [-f]", "what a node has printed lately; -f goes on with what comes", 1, 1, show_logs},
    {"drain", "drain NODE", "a node finishes its calls and ends; waits until it has gone", 1, 1, drain_node},
    {"master", "master [ADDR] [FLAGS]", "a master without methods of its own, for nodes, jobs and JSON-RPC", 0, 0,
     never},
    {"secret", "secret FILE", "makes a new secret for a cluster, in a file that only you can read", 1, 1, make_secret},
};

}  // namespace

std::span<verb const> all_verbs() { return verbs; }

verb const* find_verb(std::string_view name) {
  auto const found = std::ranges::find(verbs, name, &verb::name);
  return found == std::end(verbs) ? nullptr : found;
}

std::string help_text(verb const* about) {
  if (about && about->name == "master") return master_help();
  std::string text = "usage: dist " + std::string(about ? about->usage : "COMMAND [WORDS] [FLAGS]") + "\n";
  if (about) {
    text += "\n  " + std::string(about->about) + "\n";
  } else {
    text += "\nCommands:\n";
    for (auto const& one : verbs)
      text += "  " + std::string(one.usage) + std::string(26 - one.usage.size(), ' ') + std::string(one.about) + "\n";
  }
  return text + "\n" + flags_text() +
         "\nThe flags of files, --tls and the address are variables too: DIST_SECRET_FILE, DIST_TLS_CA, DIST_TLS; the\n"
         "address is DIST_CONNECT.\n"
         "Exit codes: 0 done, 1 failed, 2 wrong use or denied, 4 no master, or no nodes. More: man dist\n";
}

}  // namespace dist
