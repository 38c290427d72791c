#include <algorithm>

#include "verbs.hpp"

namespace dist {
namespace {

int never(command_line const&) { return 0; }

constexpr verb verbs[] = {
    {"nodes", "nodes", "lists the nodes and their load", 0, 0, show_nodes},
    {"methods", "methods", "lists the methods of the nodes with their types", 0, 0, show_methods},
    {"call", "call METHOD [JSON...]", "calls a method and prints its result; each word is one argument", 1, 1'000,
     make_call},
    {"jobs", "jobs", "lists the connected jobs (PROGRAM --connect ADDR)", 0, 0, show_jobs},
    {"cancel", "cancel JOB", "cancels the calls of a job, given by number or name", 1, 1, cancel_job},
    {"logs", "logs NODE [-f]", "prints the recent output of a node; -f follows it", 1, 1, show_logs},
    {"journal", "journal FILE", "shows what the journal of a job (--journal FILE) contains", 1, 1, show_journal},
    {"drain", "drain NODE", "lets a node finish its calls and exit; waits until it has left", 1, 1, drain_node},
    {"master", "master [ADDR] [FLAGS]", "runs a master without methods of its own, for nodes, jobs and JSON-RPC", 0, 0,
     never},
    {"secret", "secret FILE", "creates a new cluster secret in a file that only you can read", 1, 1, make_secret},
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
         "\nEnvironment variables: DIST_CONNECT is the master's address; DIST_SECRET_FILE, DIST_TLS, DIST_TLS_CA,\n"
         "DIST_TLS_CERT and DIST_TLS_KEY are the flags of these names.\n"
         "Exit codes: 0 done, 1 failed, 2 wrong use or denied, 4 no master or no nodes. More: man dist\n";
}

}  // namespace dist
