#pragma once

#include <chrono>
#include <dist/rpc/address.hpp>
#include <dist/rpc/limits.hpp>
#include <dist/rpc/tls_context.hpp>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace dist {

/// Ends the command: its text goes to standard error, and the code is the process's.
class command_error : public std::runtime_error {
 public:
  command_error(int code, std::string const& text) : std::runtime_error(text), code_(code) {}
  int code() const noexcept { return code_; }

 private:
  int code_;
};

/// The parsed command line.
struct command_line {
  std::string verb;                ///< `call`; empty if only help or version is requested
  std::vector<std::string> words;  ///< after the verb
  address master;
  std::string secret_file;
  bool with_tls = false;
  tls_files tls;
  std::optional<std::chrono::nanoseconds> within;
  bool json = false;
  bool why = false;
  std::string export_as;    ///< `csv` or `jsonl`; empty: no export
  bool follow = false;      ///< keep printing new output
  std::string traceparent;  ///< empty: none
  dist::limits limits;      ///< for the master's replies
  bool help = false;
  bool version = false;
};

/// Reads the words after the program's name and, for missing flags, their environment variables. Throws command_error.
command_line read_command_line(std::vector<std::string> const& arguments,
                               std::function<char const*(char const*)> const& environment);

/// The flags as the help shows them.
std::string flags_text();

}  // namespace dist
