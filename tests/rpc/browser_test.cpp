#include <boost/test/unit_test.hpp>

#include <vector>

#include "http/browser.hpp"

namespace {

using dist::http_caller;

dist::http_request request(std::vector<std::pair<std::string, std::string>> headers) {
  dist::http_request made("POST", "/rpc");
  for (auto& [name, value] : headers) made.headers.add(std::move(name), std::move(value));
  return made;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(browser)

BOOST_AUTO_TEST_CASE(requests_that_a_foreign_page_can_send_are_rejected) {
  std::vector<std::string> const own = {"cluster.lan:3000", "192.168.1.5", "[2001:db8::1]:3000"};
  struct {
    char const* what;
    dist::http_request request;
    http_caller who;
    bool refused;
  } const cases[] = {
      {"curl", request({{"Host", "localhost:3000"}}), http_caller::anonymous, false},
      {"curl on loopback", request({{"Host", "127.0.0.1:3000"}}), http_caller::anonymous, false},
      {"curl on v6", request({{"Host", "[::1]:3000"}}), http_caller::anonymous, false},
      {"own name", request({{"Host", "Cluster.LAN:3000"}}), http_caller::anonymous, false},
      {"own name, other port", request({{"Host", "cluster.lan:8080"}}), http_caller::anonymous, false},
      {"own address", request({{"Host", "192.168.1.5:3000"}}), http_caller::anonymous, false},
      {"own v6", request({{"Host", "[2001:db8::1]"}}), http_caller::anonymous, false},
      {"HTTP/1.0 without Host", request({}), http_caller::anonymous, false},
      {"DNS rebinding", request({{"Host", "evil.example:3000"}, {"Origin", "http://evil.example:3000"}}),
       http_caller::anonymous, true},
      {"DNS rebinding, GET", request({{"Host", "evil.example:3000"}}), http_caller::anonymous, true},
      {"name with our suffix", request({{"Host", "localhost.evil.example:3000"}}), http_caller::anonymous, true},
      {"another address", request({{"Host", "192.168.1.6:3000"}}), http_caller::anonymous, true},
      {"unreadable Host", request({{"Host", "localhost:3000@evil"}}), http_caller::anonymous, true},
      {"empty Host", request({{"Host", ""}}), http_caller::anonymous, true},
      {"foreign Host with the secret", request({{"Host", "proxy.example"}}), http_caller::authenticated, false},
      {"foreign Origin", request({{"Host", "localhost:3000"}, {"Origin", "https://evil.example"}}),
       http_caller::anonymous, true},
      {"foreign Origin with the secret", request({{"Host", "localhost:3000"}, {"Origin", "https://evil.example"}}),
       http_caller::authenticated, true},
      {"null Origin", request({{"Host", "localhost:3000"}, {"Origin", "null"}}), http_caller::anonymous, true},
      {"another port's page", request({{"Host", "localhost:3000"}, {"Origin", "http://localhost:8080"}}),
       http_caller::anonymous, true},
      {"Origin that begins alike", request({{"Host", "localhost:3000"}, {"Origin", "http://localhost:30001"}}),
       http_caller::anonymous, true},
      {"own page", request({{"Host", "localhost:3000"}, {"Origin", "http://localhost:3000"}}), http_caller::anonymous,
       false},
      {"own page, usual port", request({{"Host", "localhost"}, {"Origin", "http://localhost:80"}}),
       http_caller::anonymous, false},
      {"own page by TLS", request({{"Host", "cluster.lan"}, {"Origin", "https://cluster.lan"}}), http_caller::anonymous,
       false},
      {"img of a foreign page", request({{"Host", "localhost:3000"}, {"Sec-Fetch-Site", "cross-site"}}),
       http_caller::anonymous, true},
      {"img of a neighbour page", request({{"Host", "localhost:3000"}, {"Sec-Fetch-Site", "same-site"}}),
       http_caller::anonymous, true},
      {"typed", request({{"Host", "localhost:3000"}, {"Sec-Fetch-Site", "none"}}), http_caller::anonymous, false},
      {"fetch of the own page", request({{"Host", "localhost:3000"}, {"Sec-Fetch-Site", "same-origin"}}),
       http_caller::anonymous, false},
  };
  for (auto const& c : cases) BOOST_TEST(refuse_browser(c.request, c.who, own).has_value() == c.refused, c.what);
}

BOOST_AUTO_TEST_CASE(rejection_names_the_host) {
  auto const why =
      refuse_browser(request({{"Host", "evil.example"}}), http_caller::anonymous, std::span<std::string const>());
  BOOST_TEST_REQUIRE(why.has_value());
  BOOST_TEST(why->find("\"evil.example\" is not this server") != why->npos, *why);
}

BOOST_AUTO_TEST_SUITE_END()
