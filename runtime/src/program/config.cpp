#include "program/config.hpp"

#include <algorithm>
#include <boost/program_options.hpp>
#include <charconv>
#include <dist/rpc/detail/frame.hpp>
#include <dist/rpc/detail/text.hpp>
#include <dist/runtime/duration_text.hpp>
#include <sstream>

namespace dist {
namespace {

namespace po = boost::program_options;

po::options_description flags() {
  auto const text = [](char const* name) { return po::value<std::string>()->value_name(name); };
  po::options_description where("Where the methods run (default: node processes on this machine)");
  auto place = where.add_options();
  place("local,j", text("N"), "N node processes on this machine; default one per processor");
  place("inline", "run the methods in this process, for a debugger");
  place("master", text("ADDR"), "be the master at ADDR, such as :3000, and wait for nodes");
  place("join", text("ADDR"), "be a node of the master at ADDR, such as desk:3000");
  place("procs", text("N"), "with --join: N one-slot node processes, restarted if they die");
  place("connect", text("ADDR"), "run the job on the nodes of the running master at ADDR");
  po::options_description how("How");
  auto add = how.add_options();
  add("slots", text("N"), "methods that a node runs at once; default one per processor");
  add("name", text("NAME"), "the node's name; default the host's");
  add("label", po::value<std::vector<std::string>>()->value_name("K=V")->composing(),
      "a label that calls may need, such as gpu=1; may be repeated");
  add("min-nodes", text("N"), "start the job when N nodes have joined");
  add("secret-file", text("FILE"), "file with the join secret, needed beyond this machine");
  add("tls-cert", text("FILE"), "this end's certificate; a master then accepts only TLS");
  add("tls-key", text("FILE"), "the certificate's key");
  add("tls-ca", text("FILE"), "the authority that must have signed the other end's certificate");
  add("tls", "use TLS with the master and trust this system's authorities; implied by the other three");
  add("insecure", "listen beyond this machine without a secret");
  add("heartbeat", text("D"), "time between heartbeats, such as 500ms; default 1s");
  add("lost-after", text("D"), "declare a node lost after this much silence; default 30s");
  add("drain-limit", text("D"), "how long a draining node may take to finish its calls; default 30s");
  add("spin", text("D"),
      "busy-wait this long before sleeping, such as 50us: lower latency, but a busy processor; default 0");
  add("limit", po::value<std::vector<std::string>>()->value_name("NAME=N")->composing(),
      "a resource limit, such as frame_bytes=2GB; may be repeated; set it at both ends");
  add("go-nodes", text("CIDR"), "networks whose Go nodes may join, such as 10.0.0.0/8,192.168.1.0/24");
  add("register-path", text("PATH"), "HTTP path where nodes register; default /register-node");
  add("trace", text("FILE"), "write a timeline of the job's calls to FILE, for Perfetto");
  add("failures", text("FILE"), "write the job's failed calls to FILE with their arguments, one JSON object per line");
  add("journal", text("FILE"), "keep the results of the job's fan-outs in FILE; a later run with it reuses them");
  add("log", text("LEVEL"), "off, error, warn, info or debug");
  add("log-format", text("FORMAT"), "text, or json: one object per line with time, level and message");
  add(",v", "the same as --log debug");
  add(",q", "the same as --log error");
  add("version", "print the version");
  add("help", "print this");
  po::options_description all;
  all.add(where).add(how);
  return all;
}

/// A usage mistake; one sentence.
class mistake : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

std::size_t to_count(std::string const& flag, std::string const& text, std::size_t least) {
  std::size_t value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least || value > 1'000'000)
    throw mistake(flag + ": expected a whole number of at least " + std::to_string(least) + ", got '" + text +
                  "'; for example " + flag + " 4");
  return value;
}

address to_address(std::string const& flag, std::string const& text) {
  auto const parsed = parse_address(text);
  if (!parsed) throw mistake(flag + " " + text + ": " + parsed.error().message);
  return *parsed;
}

std::chrono::nanoseconds to_duration(std::string const& flag, std::string const& text) {
  auto const parsed = parse_duration(text);
  if (!parsed) throw mistake(flag + " " + text + ": " + parsed.error().message);
  return *parsed;
}

log_level to_level(std::string const& text) {
  for (auto const level : {log_level::off, log_level::error, log_level::info, log_level::debug})
    if (text == to_text(level)) return level;
  if (text == "warn" || text == "warning") return log_level::warn;
  throw mistake("--log: expected off, error, warn, info or debug, got '" + text + "'");
}

line_format to_format(std::string const& text) {
  if (text == "text") return line_format::text;
  if (text == "json") return line_format::json;
  throw mistake("--log-format: expected text or json, got '" + text + "'");
}

std::vector<std::string> split(std::string const& text) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string one; std::getline(in, one, ',');) parts.push_back(one);
  return parts;
}

/// The flags that were given, on the command line or else in the environment.
class given_flags {
 public:
  given_flags(po::variables_map flags, environment_reader const& environment)
      : flags_(std::move(flags)), environment_(environment) {}

  std::optional<std::string> text(std::string const& flag) const {
    if (auto const found = flags_.find(flag); found != flags_.end()) return found->second.as<std::string>();
    auto const* const value = environment_(variable_of(flag).c_str());
    return value && *value ? std::optional<std::string>(value) : std::nullopt;
  }
  /// Of a flag that may be repeated; in the variable, commas are between them.
  std::vector<std::string> texts(std::string const& flag) const {
    if (auto const found = flags_.find(flag); found != flags_.end())
      return found->second.as<std::vector<std::string>>();
    auto const* const value = environment_(variable_of(flag).c_str());
    return value ? split(value) : std::vector<std::string>();
  }
  bool has(std::string const& flag) const {
    if (flags_.count(flag)) return true;
    auto const* const value = environment_(variable_of(flag).c_str());
    return value && *value && std::string(value) != "0";
  }
  bool on_command_line(std::string const& flag) const { return flags_.count(flag) != 0; }

 private:
  po::variables_map flags_;
  environment_reader const& environment_;
};

void read_role(run_config& config, given_flags const& given) {
  struct choice {
    char const* flag;
    run_role role;
  };
  constexpr choice choices[] = {{"local", run_role::embedded},
                                {"inline", run_role::in_process},
                                {"master", run_role::master},
                                {"join", run_role::node},
                                {"connect", run_role::job}};
  // A flag on the command line beats variables; two of one kind contradict each other.
  choice const* chosen = nullptr;
  for (bool const on_line : {true, false}) {
    for (auto const& one : choices) {
      if (on_line ? !given.on_command_line(one.flag) : !given.has(one.flag)) continue;
      if (chosen)
        throw mistake(std::string("--") + chosen->flag + " and --" + one.flag +
                      " are mutually exclusive; choose one of --local, --inline, --master, --join, --connect");
      chosen = &one;
    }
    if (chosen) break;
  }
  if (!chosen) return;
  config.role = chosen->role;
  auto const flag = std::string(chosen->flag);
  if (flag == "local") config.local = to_count("--local", *given.text("local"), 1);
  if (flag != "local" && flag != "inline") config.at = to_address("--" + flag, *given.text(flag));
}

/// Names and labels are shown to people and written as JSON.
void require_utf8(std::string const& flag, std::string const& text) {
  if (find_invalid_utf8(text) != text.npos)
    throw mistake(flag + " " + as_utf8(text) + ": not UTF-8; write it in UTF-8");
}

void add_label(run_config& config, std::string const& text) {
  require_utf8("--label", text);
  auto const sign = text.find('=');
  auto const name = text.substr(0, sign);
  if (name.empty()) throw mistake("--label: expected NAME=VALUE, got '" + text + "'; for example --label gpu=1");
  if (name == "node") throw mistake("--label " + text + ": the label node is reserved for the node's name; use --name");
  config.labels[name] = sign == text.npos ? "" : text.substr(sign + 1);
}

void read_level(run_config& config, given_flags const& given) {
  auto const long_lived = config.role == run_role::master || config.role == run_role::node;
  config.log_level = long_lived ? log_level::info : log_level::warn;
  if (given.on_command_line("-q")) config.log_level = log_level::error;
  if (given.on_command_line("-v")) config.log_level = log_level::debug;
  if (auto const level = given.text("log")) config.log_level = to_level(*level);
  if (auto const format = given.text("log-format")) config.log_format = to_format(*format);
}

void read_tls(run_config& config, given_flags const& given) {
  config.tls.certificate = given.text("tls-cert").value_or("");
  config.tls.key = given.text("tls-key").value_or("");
  config.tls.authority = given.text("tls-ca").value_or("");
  config.with_tls =
      given.has("tls") || !config.tls.certificate.empty() || !config.tls.key.empty() || !config.tls.authority.empty();
  if (config.with_tls && (config.role == run_role::embedded || config.role == run_role::in_process))
    throw mistake("TLS needs --master, --join or --connect; without them nothing leaves this machine");
}

/// A file that only the job's process writes; as a variable a node may have it too.
std::string file_of_job(std::string const& flag, run_config const& config, given_flags const& given) {
  if (config.role != run_role::node) return given.text(flag).value_or("");
  if (given.on_command_line(flag))
    throw mistake("--" + flag +
                  ": not allowed with --join; give it to the job's process, which records the calls of all nodes");
  return {};
}

run_config read(given_flags const& given) {
  run_config config;
  config.help = given.on_command_line("help");
  config.version = given.on_command_line("version");
  if (config.help || config.version) return config;
  read_role(config, given);
  if (auto const slots = given.text("slots")) config.slots = to_count("--slots", *slots, 1);
  if (config.role == run_role::node) {
    if (auto const count = given.text("procs")) config.procs = to_count("--procs", *count, 1);
    if (config.procs > 0 && config.slots > 1)
      throw mistake("--slots: not allowed with --procs (each process has one slot)");
  } else if (given.on_command_line("procs")) {
    throw mistake("--procs: only allowed with --join; use --local N for node processes of a job");
  }
  if (auto const count = given.text("min-nodes")) config.min_nodes = to_count("--min-nodes", *count, 0);
  config.trace = file_of_job("trace", config, given);
  config.failures = file_of_job("failures", config, given);
  config.journal = file_of_job("journal", config, given);
  if (auto const name = given.text("name")) {
    if (name->size() > most_name_bytes)
      throw mistake("--name: " + std::to_string(name->size()) + " bytes, the maximum is " +
                    std::to_string(most_name_bytes));
    require_utf8("--name", *name);
    config.name = *name;
    config.name_is_default = false;
  }
  for (auto const& label : given.texts("label")) add_label(config, label);
  config.secret_file = given.text("secret-file").value_or("");
  config.insecure = given.has("insecure");
  read_tls(config, given);
  if (auto const beat = given.text("heartbeat")) {
    config.heartbeat = to_duration("--heartbeat", *beat);
    if (config.heartbeat < std::chrono::milliseconds(10)) throw mistake("--heartbeat: must be at least 10ms");
    if (config.heartbeat > std::chrono::hours(24)) throw mistake("--heartbeat: must be at most 24h");
  }
  if (auto const silence = given.text("lost-after")) config.lost_after = to_duration("--lost-after", *silence);
  if (auto const limit = given.text("drain-limit")) config.drain_limit = to_duration("--drain-limit", *limit);
  if (config.lost_after < 3 * config.heartbeat)
    throw mistake("--lost-after: must be at least three heartbeats, because a node is suspect after two");
  if (auto const spin = given.text("spin")) {
    auto const bound = to_duration("--spin", *spin);
    if (bound > std::chrono::milliseconds(10)) throw mistake("--spin: must be at most 10ms, such as 50us");
    config.spin = std::chrono::duration_cast<std::chrono::microseconds>(bound);
  }
  for (auto const& one : given.texts("limit"))
    if (auto const problem = set_limit(config.limits, one); !problem.empty())
      throw mistake("--limit " + one + ": " + problem);
  if (auto const networks = given.text("go-nodes")) config.go_nodes = split(*networks);
  if (auto const path = given.text("register-path")) {
    if (!path->starts_with('/')) throw mistake("--register-path: must start with /, such as /register-node");
    config.register_path = *path;
  }
  read_level(config, given);
  return config;
}

}  // namespace

result<run_config> parse_config(std::vector<std::string> const& arguments, environment_reader const& environment) {
  namespace style = po::command_line_style;
  try {
    auto const known = flags();
    // No guessing: --n is the job's own, not a short form of --name.
    auto parsed = po::command_line_parser(arguments)
                      .options(known)
                      .style(style::unix_style & ~style::allow_guessing)
                      .allow_unregistered()
                      .run();
    auto rest = po::collect_unrecognized(parsed.options, po::include_positional);
    po::variables_map map;
    po::store(parsed, map);
    auto config = read(given_flags(std::move(map), environment));
    config.rest = std::move(rest);
    return config;
  } catch (std::exception const& e) {
    return make_fault(errc::bad_arguments, e.what());
  }
}

std::string variable_of(std::string flag) {
  std::ranges::transform(flag, flag.begin(), [](char c) {
    return c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  });
  return "DIST_" + flag;
}

std::string usage(std::string const& program) {
  std::ostringstream text;
  text << "usage: " << program << " [FLAGS] [THE JOB'S OWN FLAGS]\n"
       << flags()
       << "\nEach flag is also an environment variable: DIST_JOIN=desk:3000 is --join desk:3000.\n"
          "Exit codes: 0 done, 1 failed, 2 wrong use, 3 done with failed items, 4 no master or no nodes, 130 "
          "interrupted.\n";
  return text.str();
}

}  // namespace dist
