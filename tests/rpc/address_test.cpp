#include <dist/rpc/address.hpp>

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(address)

BOOST_AUTO_TEST_CASE(valid_addresses_are_parsed) {
  struct {
    std::string_view text;
    std::string_view host;
    std::uint16_t port;
    std::string_view written;
  } const cases[] = {
      {"[::1]:3000", "::1", 3000, "[::1]:3000"},
      {"::1", "::1", dist::default_port, "[::1]:3000"},
      {"[::1]", "::1", dist::default_port, "[::1]:3000"},
      {"fe80::1%eth0", "fe80::1%eth0", dist::default_port, "[fe80::1%eth0]:3000"},
      {"[fe80::1%eth0]:1", "fe80::1%eth0", 1, "[fe80::1%eth0]:1"},
      {"2001:db8::3222", "2001:db8::3222", dist::default_port, "[2001:db8::3222]:3000"},
      {"::ffff:127.0.0.1", "::ffff:127.0.0.1", dist::default_port, "[::ffff:127.0.0.1]:3000"},
      {":3000", "localhost", 3000, "localhost:3000"},
      {":0", "localhost", 0, "localhost:0"},
      {"host", "host", dist::default_port, "host:3000"},
      {"host:0", "host", 0, "host:0"},
      {"host:65535", "host", 65535, "host:65535"},
      {"localhost:3000", "localhost", 3000, "localhost:3000"},
      {"0.0.0.0:3000", "0.0.0.0", 3000, "0.0.0.0:3000"},
      {"my_node-1.example.org.:81", "my_node-1.example.org.", 81, "my_node-1.example.org.:81"},
  };
  for (auto const& c : cases) {
    BOOST_TEST_CONTEXT(c.text) {
      auto const parsed = dist::parse_address(c.text);
      BOOST_TEST_REQUIRE(parsed.has_value());
      BOOST_TEST(parsed->host == c.host);
      BOOST_TEST(parsed->port == c.port);
      BOOST_TEST(to_text(*parsed) == c.written);
      BOOST_TEST((dist::parse_address(to_text(*parsed)).value() == *parsed));
    }
  }
}

BOOST_AUTO_TEST_CASE(error_names_the_invalid_part) {
  struct {
    std::string_view text;
    std::string_view part;
  } const cases[] = {
      {"", "it is empty"},
      {"host:", "the port after the colon is missing"},
      {":", "the port after the colon is missing"},
      {"host:65536", "the port \"65536\""},
      {"host:-1", "the port \"-1\""},
      {"host:+1", "the port \"+1\""},
      {"host:3000x", "the port \"3000x\""},
      {"host: 3000", "the port \" 3000\""},
      {"*:3000", "every interface is 0.0.0.0"},
      {"http://host:3000", "must not contain a scheme"},
      {"a b:3000", "the host \"a b\""},
      {"host/path", "the host \"host/path\""},
      {"256.0.0.1:3000", "the host \"256.0.0.1\""},
      {"127.1", "the host \"127.1\""},
      {"1:2:3", "several colons"},
      {"2001:db8::1:99999", "several colons"},
      {"[::1", "no closing bracket"},
      {"[]:3000", "not an IPv6 address"},
      {"[host]:3000", "not an IPv6 address"},
      {"[::1]3000", "follow the closing bracket"},
      {"[::1]:", "the port after the colon is missing"},
      {"fe80::1%", "several colons"},
      {std::string_view("ho\0st", 5), "a character that is not allowed in a host name"},
  };
  for (auto const& c : cases) {
    BOOST_TEST_CONTEXT(c.text) {
      auto const parsed = dist::parse_address(c.text);
      BOOST_TEST_REQUIRE(parsed.has_error());
      BOOST_TEST((parsed.error().code == dist::errc::bad_arguments));
      auto const& message = parsed.error().message;
      BOOST_TEST(message.find(c.part) != message.npos, message);
      BOOST_TEST(message.find("host:3000") != message.npos, message);
    }
  }
  BOOST_TEST(dist::parse_address(std::string(300, 'a')).has_error());
}

BOOST_AUTO_TEST_CASE(loopback_addresses_are_recognized) {
  for (auto const* host : {"localhost", "LocalHost", "localhost.", "127.0.0.1", "127.255.0.9", "::1", "0:0:0:0:0:0:0:1",
                           "::ffff:127.0.0.1", "::ffff:7f01:203", "::1%lo"})
    BOOST_TEST(dist::is_loopback(host), host);
  for (auto const* host : {"", "0.0.0.0", "::", "128.0.0.1", "10.127.0.1", "::2", "::ffff:10.0.0.1",
                           "localhost.evil.org", "127.0.0.1.evil.org", "host"})
    BOOST_TEST(!dist::is_loopback(host), host);
}

BOOST_AUTO_TEST_SUITE_END()
