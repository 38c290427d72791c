#include "command_line.hpp"

#include <algorithm>
#include <boost/program_options.hpp>
#include <cctype>
#include <dist/rpc/detail/traceparent.hpp>
#include <dist/runtime/duration_text.hpp>
#include <sstream>

#include "program/config.hpp"
#include "program/exit_code.hpp"
#include "verbs.hpp"

namespace dist {
namespace {

namespace po = boost::program_options;

po::options_description flags() {
  auto const text = [](char const* name) { return po::value<std::string>()->value_name(name); };
  po::options_description all("Flags", 110, 60);
  auto add = all.add_options();
  add("master,m", text("ADDR"), "the master's address, such as desk:3000; default :3000 on this machine");
  add("secret-file", text("FILE"), "file with the cluster's secret");
  add("tls", "use TLS with the master and trust this system's authorities; implied by the next three");
  add("tls-ca", text("FILE"), "the authority that must have signed the master's certificate");
  add("tls-cert", text("FILE"), "this command's certificate, if the master requires one");
  add("tls-key", text("FILE"), "the certificate's key");
  add("within", text("D"), "give up after this time, such as 500ms or 2min; default 10s, unlimited for call and drain");
  add("limit", po::value<std::vector<std::string>>()->value_name("NAME=N")->composing(),
      "a limit on replies, such as message_bytes=1GB; may be repeated");
  add("why", "call: report where the call waits, where it went, and why");
  add("traceparent", text("TEXT"), "call: the trace of the call, in W3C Trace Context format; default TRACEPARENT");
  add("follow,f", "logs: keep printing new output until Ctrl-C");
  add("export", text("FORMAT"), "journal: print every outcome, as csv or jsonl");
  add("json", "print JSON, for scripts");
  add("version", "print the version");
  add("help,h", "print this");
  return all;
}

[[noreturn]] void refuse(std::string const& text) { throw command_error(exit_code::wrong_use, text); }

/// `-5` is an argument of a call, not a flag.
std::vector<po::option> negative_number(std::vector<std::string>& left) {
  std::vector<po::option> found;
  auto const& next = left.front();
  if (next.size() < 2 || next[0] != '-' || !std::isdigit(static_cast<unsigned char>(next[1]))) return found;
  po::option word;
  word.value.push_back(next);
  word.original_tokens.push_back(next);
  found.push_back(word);
  left.erase(left.begin());
  return found;
}

/// DIST_SECRET_FILE for secret-file. The master's address has the variable that a job has which connects to it:
/// DIST_MASTER would make every program a master there.
std::string command_variable_of(std::string const& flag) {
  if (flag == "master") return "DIST_CONNECT";
  // As other programs have it that begin and end spans.
  if (flag == "traceparent") return "TRACEPARENT";
  return variable_of(flag);
}

class command_flags {
 public:
  command_flags(po::variables_map flags, std::function<char const*(char const*)> const& environment)
      : flags_(std::move(flags)), environment_(environment) {}

  bool on_line(std::string const& flag) const { return flags_.count(flag) != 0; }
  std::string text(std::string const& flag) const {
    if (on_line(flag)) return flags_[flag].as<std::string>();
    auto const* const value = environment_(command_variable_of(flag).c_str());
    return value ? value : "";
  }

  /// Of a flag that may be repeated.
  std::vector<std::string> texts(std::string const& flag) const {
    return on_line(flag) ? flags_[flag].as<std::vector<std::string>>() : std::vector<std::string>();
  }

 private:
  po::variables_map flags_;
  std::function<char const*(char const*)> const& environment_;
};

void read_master(command_line& read, command_flags const& given) {
  auto const text = given.text("master");
  auto const parsed = parse_address(text.empty() ? ":3000" : text);
  if (!parsed) refuse("--master " + text + ": " + parsed.error().message);
  read.master = *parsed;
  read.secret_file = given.text("secret-file");
  read.tls = {given.text("tls-cert"), given.text("tls-key"), given.text("tls-ca")};
  auto const tls = given.text("tls");
  read.with_tls = given.on_line("tls") || (!tls.empty() && tls != "0") || !read.tls.certificate.empty() ||
                  !read.tls.key.empty() || !read.tls.authority.empty();
}

void read_verb(command_line& read, command_flags const& given) {
  if (read.words.empty()) {
    if (!read.help && !read.version) refuse("missing command; see: dist --help");
    return;
  }
  read.verb = read.words.front();
  read.words.erase(read.words.begin());
  auto const* known = find_verb(read.verb);
  if (!known) refuse("unknown command '" + read.verb + "'; see: dist --help");
  if (read.help) return;
  if (read.words.size() < known->least_words || read.words.size() > known->most_words)
    refuse("usage: dist " + std::string(known->usage));
  if (given.on_line("why") && read.verb != "call")
    refuse("--why: only allowed with call: dist call --why METHOD [JSON...]");
  if (given.on_line("follow") && read.verb != "logs")
    refuse("--follow: only allowed with logs: dist logs NODE --follow");
  if (given.on_line("export")) {
    read.export_as = given.text("export");
    if (read.verb != "journal") refuse("--export: only allowed with journal: dist journal FILE --export csv");
    if (read.export_as != "csv" && read.export_as != "jsonl")
      refuse("--export: expected csv or jsonl, got '" + read.export_as + "'");
  }
  if (given.on_line("traceparent") && !is_traceparent(given.text("traceparent")))
    refuse("--traceparent " + given.text("traceparent") +
           ": not a traceparent, such as 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  if (read.verb == "call") read.traceparent = given.text("traceparent");
}

}  // namespace

command_line read_command_line(std::vector<std::string> const& arguments,
                               std::function<char const*(char const*)> const& environment) {
  namespace style = po::command_line_style;
  po::variables_map map;
  command_line read;
  try {
    auto known = flags();
    known.add_options()("word", po::value<std::vector<std::string>>(&read.words));
    po::store(po::command_line_parser(arguments)
                  .options(known)
                  .positional(po::positional_options_description().add("word", -1))
                  .style(style::unix_style & ~style::allow_guessing)
                  .extra_style_parser(negative_number)
                  .run(),
              map);
    po::notify(map);
  } catch (po::error const& e) {
    refuse(std::string(e.what()) + "; see: dist --help");
  }
  command_flags const given(std::move(map), environment);
  read.help = given.on_line("help");
  read.version = given.on_line("version");
  read.json = given.on_line("json");
  read.why = given.on_line("why");
  read.follow = given.on_line("follow");
  if (given.on_line("within")) {
    auto const text = given.text("within");
    auto const parsed = parse_duration(text);
    if (!parsed) refuse("--within " + text + ": " + parsed.error().message);
    read.within = *parsed;
  }
  for (auto const& one : given.texts("limit"))
    if (auto const problem = set_limit(read.limits, one); !problem.empty()) refuse("--limit " + one + ": " + problem);
  read_verb(read, given);
  read_master(read, given);
  return read;
}

std::string flags_text() {
  std::ostringstream text;
  text << flags();
  return text.str();
}

}  // namespace dist
