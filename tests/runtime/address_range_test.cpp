#include "master/address_range.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace {

using dist::address_range;

BOOST_AUTO_TEST_SUITE(address_range_test)

struct membership {
  char const* range;
  char const* host;
  bool inside;
};
std::ostream& operator<<(std::ostream& out, membership const& m) { return out << m.host << " in " << m.range; }

membership const memberships[] = {
    {"10.1.0.0/16", "10.1.2.3", true},
    {"10.1.0.0/16", "10.2.0.0", false},
    {"10.1.0.0/16", "::ffff:10.1.2.3", true},
    {"10.1.2.128/25", "10.1.2.127", false},
    {"10.1.2.128/25", "10.1.2.200", true},
    {"0.0.0.0/0", "192.0.2.1", true},
    {"0.0.0.0/0", "fd00::1", false},
    {"::/0", "192.0.2.1", true},
    {"fd00::/8", "fdff::1", true},
    {"fd00::/8", "fe00::1", false},
    {"192.0.2.7", "192.0.2.7", true},
    {"192.0.2.7", "192.0.2.6", false},
    {"192.0.2.7/32", "192.0.2.7", true},
    {"fe80::/10", "fe80::1%eth0", true},
    {"0.0.0.0/0", "desk", false},
};

BOOST_DATA_TEST_CASE(range_contains_exactly_its_addresses, boost::unit_test::data::make(memberships)) {
  auto const range = address_range::parse(sample.range);
  BOOST_REQUIRE(range.has_value());
  BOOST_TEST(range->contains(sample.host) == sample.inside);
}

char const* const refused[] = {"",          "/8",         "desk/8",  "10.1.0.0/33", "fd00::/129",
                               "10.1.0.0/", "10.1.0.0/x", "10.1/16", "10.1.0.0/-1"};

BOOST_DATA_TEST_CASE(invalid_range_is_rejected, boost::unit_test::data::make(refused)) {
  auto const range = address_range::parse(sample);
  BOOST_REQUIRE(range.has_error());
  BOOST_TEST(range.error().code == dist::errc::bad_arguments);
  BOOST_TEST(range.error().message.find(sample) != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
