#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "command_line.hpp"

namespace dist {

/// One thing that the command does.
struct verb {
  std::string_view name;
  std::string_view usage;  ///< `call METHOD [JSON...]`
  std::string_view about;  ///< a line for the help
  std::size_t least_words;
  std::size_t most_words;
  int (*run)(command_line const& given);
};

std::span<verb const> all_verbs();
verb const* find_verb(std::string_view name);
/// What --help prints; with a verb, about it first.
std::string help_text(verb const* about);

int show_nodes(command_line const& given);
int show_methods(command_line const& given);
int make_call(command_line const& given);
int drain_node(command_line const& given);
int show_logs(command_line const& given);
int show_jobs(command_line const& given);
int cancel_job(command_line const& given);
int show_journal(command_line const& given);
int make_secret(command_line const& given);
/// `dist master` takes the flags of every program's master: its words are read there, not by read_command_line.
int run_master(std::vector<std::string> const& words);
std::string master_help();

}  // namespace dist
