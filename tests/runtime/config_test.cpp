#include <boost/test/unit_test.hpp>
#include <dist/rpc/result.hpp>
#include <dist/runtime/duration_text.hpp>
#include <map>
#include <ostream>

#include "program/config.hpp"

using namespace std::chrono_literals;
using dist::log_level;
using dist::run_role;

namespace dist {

std::ostream& operator<<(std::ostream& out, run_role role) { return out << "role " << static_cast<int>(role); }
std::ostream& operator<<(std::ostream& out, log_level level) { return out << to_text(level); }

}  // namespace dist

namespace {

using words = std::vector<std::string>;
using variables = std::map<std::string, std::string>;

dist::result<dist::run_config> parse(words const& arguments, variables const& environment = {}) {
  return dist::parse_config(arguments, [&](char const* name) -> char const* {
    auto const found = environment.find(name);
    return found == environment.end() ? nullptr : found->second.c_str();
  });
}

dist::run_config parsed(words const& arguments, variables const& environment = {}) {
  auto config = parse(arguments, environment);
  BOOST_TEST_REQUIRE(config.has_value(), (config ? "" : config.error().message));
  return *config;
}

std::string problem(words const& arguments, variables const& environment = {}) {
  auto const config = parse(arguments, environment);
  BOOST_TEST(config.has_error());
  return config.has_error() ? config.error().message : "";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(config)

BOOST_AUTO_TEST_CASE(tls_options_are_parsed) {
  BOOST_TEST(!parsed({"--join", "desk:3000"}).with_tls);
  BOOST_TEST(parsed({"--join", "desk:3000", "--tls"}).with_tls);
  auto const node = parsed({"--join", "desk:3000", "--tls-ca", "ca.pem"}, {{"DIST_TLS_CERT", "a.pem"}, {"DIST_TLS_KEY", "a.key"}});
  BOOST_TEST(node.with_tls);
  BOOST_TEST(node.tls.authority == "ca.pem");
  BOOST_TEST(node.tls.certificate == "a.pem");
  BOOST_TEST(node.tls.key == "a.key");
  BOOST_TEST(problem({"--tls"}).find("--master, --join or --connect") != std::string::npos);
  BOOST_TEST(problem({"--inline", "--tls-ca", "ca.pem"}) != "");
}

BOOST_AUTO_TEST_CASE(procs_option_is_parsed_and_checked) {
  BOOST_TEST(parsed({"--join", "desk:3000"}).procs == 0U);
  BOOST_TEST(parsed({"--join", "desk:3000", "--procs", "4"}).procs == 4U);
  BOOST_TEST(parsed({}, {{"DIST_JOIN", "desk:3000"}, {"DIST_PROCS", "4"}}).procs == 4U);
  // The variable may be set for other programs.
  BOOST_TEST(parsed({"--local", "2"}, {{"DIST_PROCS", "4"}}).procs == 0U);
  BOOST_TEST(problem({"--procs", "4"}).find("--local N") != std::string::npos);
  BOOST_TEST(problem({"--join", "desk:3000", "--procs", "0"}) != "");
  BOOST_TEST(problem({"--join", "desk:3000", "--procs", "2", "--slots", "2"}).find("one slot") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(names_and_labels_must_be_utf8) {
  BOOST_TEST(problem({"--name", "caf\xe9"}) == "--name caf\\xe9: not UTF-8; write it in UTF-8");
  BOOST_TEST(problem({"--label", "k=caf\xe9"}).find("--label k=caf\\xe9: not UTF-8") == 0U);
  BOOST_TEST(problem({}, {{"DIST_NAME", "\xff"}}).find("not UTF-8") != std::string::npos);
  BOOST_TEST(parsed({"--name", "caf\xc3\xa9"}).name == "caf\xc3\xa9");
}

BOOST_AUTO_TEST_CASE(defaults_apply_without_flags) {
  auto const config = parsed({});
  BOOST_TEST(config.role == run_role::embedded);
  BOOST_TEST(config.local == 0);
  BOOST_TEST(!config.at.has_value());
  BOOST_TEST(config.slots == 0);
  BOOST_TEST(config.name_is_default);
  BOOST_TEST(config.min_nodes == 0);
  BOOST_TEST(config.secret_file.empty());
  BOOST_TEST(!config.insecure);
  BOOST_TEST((config.heartbeat == 1s));
  BOOST_TEST((config.lost_after == 30s));
  BOOST_TEST((config.drain_limit == 30s));
  BOOST_TEST(config.register_path == "/register-node");
  BOOST_TEST(config.log_level == log_level::warn);
  BOOST_TEST(config.rest.empty());
}

BOOST_AUTO_TEST_CASE(every_flag_sets_its_option) {
  struct row {
    words arguments;
    bool (*right)(dist::run_config const&);
  };
  row const rows[] = {
      {{"--local", "3"}, [](auto const& c) { return c.role == run_role::embedded && c.local == 3; }},
      {{"--local=3"}, [](auto const& c) { return c.local == 3; }},
      {{"-j", "4"}, [](auto const& c) { return c.role == run_role::embedded && c.local == 4; }},
      {{"-j4"}, [](auto const& c) { return c.local == 4; }},
      {{"--inline"}, [](auto const& c) { return c.role == run_role::in_process && !c.at; }},
      {{"--master", ":3000"}, [](auto const& c) { return c.role == run_role::master && c.at->port == 3000; }},
      {{"--master", "127.0.0.1:0"}, [](auto const& c) { return c.at->host == "127.0.0.1" && c.at->port == 0; }},
      {{"--join", "desk:4000"},
       [](auto const& c) { return c.role == run_role::node && c.at->host == "desk" && c.at->port == 4000; }},
      {{"--join", "desk"}, [](auto const& c) { return c.at->host == "desk" && c.at->port == dist::default_port; }},
      {{"--join", "[::1]:4000"}, [](auto const& c) { return c.at->host == "::1" && c.at->port == 4000; }},
      {{"--connect", "desk:1"}, [](auto const& c) { return c.role == run_role::job && c.at->host == "desk"; }},
      {{"--slots", "8"}, [](auto const& c) { return c.slots == 8; }},
      {{"--name", "n1"}, [](auto const& c) { return c.name == "n1" && !c.name_is_default; }},
      {{"--label", "gpu=1", "--label", "zone=a=b", "--label", "big"},
       [](auto const& c) {
         return c.labels == std::map<std::string, std::string>{{"gpu", "1"}, {"zone", "a=b"}, {"big", ""}};
       }},
      {{"--min-nodes", "0"}, [](auto const& c) { return c.min_nodes == 0; }},
      {{"--min-nodes", "5"}, [](auto const& c) { return c.min_nodes == 5; }},
      {{"--secret-file", "s"}, [](auto const& c) { return c.secret_file == "s"; }},
      {{"--insecure"}, [](auto const& c) { return c.insecure; }},
      {{"--spin", "50us"}, [](auto const& c) { return c.spin == 50us; }},
      {{"--limit", "depth=3", "--limit", "frame_bytes=1MB"},
       [](auto const& c) { return c.limits.depth == 3 && c.limits.frame_bytes == 1'000'000; }},
      {{"--heartbeat", "250ms"}, [](auto const& c) { return c.heartbeat == 250ms; }},
      {{"--heartbeat", "2"}, [](auto const& c) { return c.heartbeat == 2s; }},
      {{"--lost-after", "5min"}, [](auto const& c) { return c.lost_after == 5min; }},
      {{"--drain-limit", "2s"}, [](auto const& c) { return c.drain_limit == 2s; }},
      {{"--drain-limit", "0"}, [](auto const& c) { return c.drain_limit == 0s; }},
      {{"--go-nodes", "10.0.0.0/8,192.168.1.0/24"},
       [](auto const& c) { return c.go_nodes == words{"10.0.0.0/8", "192.168.1.0/24"}; }},
      {{"--register-path", "/in"}, [](auto const& c) { return c.register_path == "/in"; }},
      {{"--log", "debug"}, [](auto const& c) { return c.log_level == log_level::debug; }},
      {{"--log", "off"}, [](auto const& c) { return c.log_level == log_level::off; }},
      {{"--log", "warning"}, [](auto const& c) { return c.log_level == log_level::warn; }},
      {{"--log-format", "json"}, [](auto const& c) { return c.log_format == dist::line_format::json; }},
      {{"--log-format", "text"}, [](auto const& c) { return c.log_format == dist::line_format::text; }},
      {{"-v"}, [](auto const& c) { return c.log_level == log_level::debug; }},
      {{"-q"}, [](auto const& c) { return c.log_level == log_level::error; }},
      {{"-v", "--log", "info"}, [](auto const& c) { return c.log_level == log_level::info; }},
      {{"--master", ":1"}, [](auto const& c) { return c.log_level == log_level::info; }},
      {{"--join", "a:1"}, [](auto const& c) { return c.log_level == log_level::info; }},
      {{"--connect", "a:1"}, [](auto const& c) { return c.log_level == log_level::warn; }},
      {{"--help"}, [](auto const& c) { return c.help; }},
      {{"--version"}, [](auto const& c) { return c.version; }},
  };
  for (auto const& one : rows) BOOST_TEST(one.right(parsed(one.arguments)), one.arguments[0] + " " + one.arguments.back());
}

BOOST_AUTO_TEST_CASE(every_variable_sets_its_option) {
  struct row {
    variables environment;
    bool (*right)(dist::run_config const&);
  };
  row const rows[] = {
      {{{"DIST_LOCAL", "3"}}, [](auto const& c) { return c.role == run_role::embedded && c.local == 3; }},
      {{{"DIST_INLINE", "1"}}, [](auto const& c) { return c.role == run_role::in_process; }},
      {{{"DIST_INLINE", "0"}}, [](auto const& c) { return c.role == run_role::embedded; }},
      {{{"DIST_INLINE", ""}}, [](auto const& c) { return c.role == run_role::embedded; }},
      {{{"DIST_MASTER", ":7"}}, [](auto const& c) { return c.role == run_role::master && c.at->port == 7; }},
      {{{"DIST_JOIN", "desk:3000"}}, [](auto const& c) { return c.role == run_role::node && c.at->host == "desk"; }},
      {{{"DIST_CONNECT", "desk"}}, [](auto const& c) { return c.role == run_role::job; }},
      {{{"DIST_SLOTS", "2"}}, [](auto const& c) { return c.slots == 2; }},
      {{{"DIST_LABEL", "gpu=1,zone=a"}}, [](auto const& c) { return c.labels.size() == 2 && c.labels.at("gpu") == "1"; }},
      {{{"DIST_NAME", "n"}}, [](auto const& c) { return c.name == "n" && !c.name_is_default; }},
      {{{"DIST_MIN_NODES", "2"}}, [](auto const& c) { return c.min_nodes == 2; }},
      {{{"DIST_SECRET_FILE", "f"}}, [](auto const& c) { return c.secret_file == "f"; }},
      {{{"DIST_INSECURE", "1"}}, [](auto const& c) { return c.insecure; }},
      {{{"DIST_INSECURE", "0"}}, [](auto const& c) { return !c.insecure; }},
      {{{"DIST_HEARTBEAT", "3s"}}, [](auto const& c) { return c.heartbeat == 3s; }},
      {{{"DIST_LOST_AFTER", "9s"}}, [](auto const& c) { return c.lost_after == 9s; }},
      {{{"DIST_DRAIN_LIMIT", "2min"}}, [](auto const& c) { return c.drain_limit == 2min; }},
      {{{"DIST_GO_NODES", "10.0.0.0/8"}}, [](auto const& c) { return c.go_nodes.size() == 1; }},
      {{{"DIST_REGISTER_PATH", "/r"}}, [](auto const& c) { return c.register_path == "/r"; }},
      {{{"DIST_LOG", "info"}}, [](auto const& c) { return c.log_level == log_level::info; }},
  };
  for (auto const& one : rows) BOOST_TEST(one.right(parsed({}, one.environment)), one.environment.begin()->first);
}

BOOST_AUTO_TEST_CASE(flag_overrides_a_variable) {
  BOOST_TEST(parsed({"--slots", "2"}, {{"DIST_SLOTS", "9"}}).slots == 2);
  BOOST_TEST(parsed({"--join", "a:1"}, {{"DIST_MASTER", ":7"}}).role == run_role::node);
  BOOST_TEST(parsed({"--inline"}, {{"DIST_JOIN", "a:1"}}).role == run_role::in_process);
}

BOOST_AUTO_TEST_CASE(other_arguments_go_to_the_job_in_order) {
  struct row {
    words arguments;
    words rest;
  };
  row const rows[] = {
      {{"2000"}, {"2000"}},
      {{"one", "--slots", "2", "two"}, {"one", "two"}},
      {{"--count", "5", "--slots", "2"}, {"--count", "5"}},
      {{"--count=5", "-x", "file", "--inline", "-y"}, {"--count=5", "-x", "file", "-y"}},
      {{"--slots", "2", "--", "--slots", "3"}, {"--slots", "3"}},
      {{"--n", "7"}, {"--n", "7"}},  // not an abbreviation of --name
      {{"--sl", "7"}, {"--sl", "7"}},
      {{"-n", "-1"}, {"-n", "-1"}},
      {{"", "a b"}, {"", "a b"}},
  };
  for (auto const& one : rows) BOOST_TEST(parsed(one.arguments).rest == one.rest, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(invalid_values_are_rejected_with_advice) {
  struct row {
    words arguments;
    words says;
  };
  row const rows[] = {
      {{"--local", "0"}, {"--local", "at least 1", "--local 4", "'0'"}},
      {{"--local", "many"}, {"--local", "'many'"}},
      {{"--local", "-2"}, {"--local", "-2"}},
      {{"--local", "3x"}, {"'3x'"}},
      {{"--slots", "0"}, {"--slots", "at least 1"}},
      {{"--slots", "99999999999999999999"}, {"--slots"}},
      {{"--min-nodes", "x"}, {"--min-nodes", "'x'"}},
      {{"--master", "host:99999"}, {"--master host:99999"}},
      {{"--join", "host:3000x"}, {"--join host:3000x"}},
      {{"--connect", "host:"}, {"--connect host:"}},
      {{"--spin", "11ms"}, {"--spin", "10ms"}},
      {{"--spin", "much"}, {"--spin much"}},
      {{"--limit", "depth"}, {"--limit depth: depth takes a number"}},
      {{"--limit", "deep=3"}, {"--limit deep=3: unknown limit", "frame_idle"}},
      {{"--heartbeat", "soon"}, {"--heartbeat soon", "500ms"}},
      {{"--heartbeat", "1ms"}, {"--heartbeat", "10ms"}},
      {{"--heartbeat", "-1s"}, {"--heartbeat -1s"}},
      {{"--lost-after", "late"}, {"--lost-after late", "500ms"}},
      {{"--drain-limit", "never"}, {"--drain-limit never", "500ms"}},
      {{"--lost-after", "2s"}, {"--lost-after", "three heartbeats"}},
      {{"--heartbeat", "11s"}, {"--lost-after", "three heartbeats"}},
      {{"--register-path", "in"}, {"--register-path", "/register-node"}},
      {{"--log", "loud"}, {"--log", "debug", "'loud'"}},
      {{"--slots"}, {"--slots"}},
      {{"--inline=3"}, {"--inline"}},
      {{"--slots", "1", "--slots", "2"}, {"--slots"}},
      {{"--local", "2", "--join", "a:1"}, {"--local and --join are mutually exclusive", "--connect"}},
      {{"--inline", "--master", ":1"}, {"--inline and --master are mutually exclusive"}},
      {{"--join", "a:1", "--connect", "b:1"}, {"--join and --connect are mutually exclusive"}},
      {{"--join", "a:1", "--name", std::string(256, 'n')}, {"--name: 256 bytes, the maximum is 255"}},
  };
  for (auto const& one : rows) {
    auto const said = problem(one.arguments);
    for (auto const& part : one.says)
      BOOST_TEST(said.find(part) != std::string::npos, one.arguments[0] + ": '" + said + "' lacks '" + part + "'");
    BOOST_TEST(said.find('\n') == std::string::npos);
  }
  BOOST_TEST(problem({}, {{"DIST_SLOTS", "x"}}).find("--slots") != std::string::npos);
  BOOST_TEST(problem({}, {{"DIST_JOIN", "a:1"}, {"DIST_MASTER", ":1"}}).find("mutually exclusive") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(help_takes_precedence_over_errors) {
  BOOST_TEST(parsed({"--help", "--local", "0"}).help);
  BOOST_TEST(parsed({"--version", "--slots", "x"}).version);
}

BOOST_AUTO_TEST_CASE(durations_are_parsed) {
  struct row {
    char const* text;
    std::chrono::nanoseconds right;
  };
  row const rows[] = {{"250ms", 250ms}, {"1s", 1s},     {"2min", 2min}, {"1h", 1h},  {"5", 5s}, {"0.5", 500ms},
                      {"1.5s", 1500ms}, {"10us", 10us}, {"7ns", 7ns},   {"0", 0ns}, {"1e3ms", 1s},
                      {"99999999h", std::chrono::nanoseconds::max()}};
  for (auto const& one : rows) {
    auto const got = dist::parse_duration(one.text);
    BOOST_TEST_REQUIRE(got.has_value(), one.text);
    BOOST_TEST(got->count() == one.right.count(), one.text);
  }
  for (auto const* wrong : {"", "ms", "-1s", "1 s", "1d", "1m", "s1", "nan", "inf", "1e30", " 1s", "1s "}) {
    auto const got = dist::parse_duration(wrong);
    BOOST_TEST(got.has_error(), wrong);
    if (got.has_error()) BOOST_TEST(got.error().message.find("500ms") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(usage_lists_every_flag) {
  auto const text = dist::usage("palindroms");
  for (auto const* part :
       {"usage: palindroms [FLAGS]", "-j [ --local ] N", "--inline", "--master ADDR", "--join ADDR", "--connect ADDR",
        "--slots N", "--name NAME", "--min-nodes N", "--secret-file FILE", "--insecure", "--heartbeat D", "--lost-after D", "--drain-limit D",
        "--spin D", "--limit NAME=N", "--go-nodes CIDR", "--register-path PATH", "--log LEVEL", "-v", "-q", "--version", "--help",
        "DIST_JOIN=desk:3000 is --join desk:3000", "0 done, 1 failed, 2 wrong use, 3 done with failed items",
        "4 no master or no nodes, 130 interrupted"})
    BOOST_TEST(text.find(part) != std::string::npos, std::string(part) + " is not in\n" + text);
}

BOOST_AUTO_TEST_SUITE_END()
