#include "master/unproven_peers.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <vector>

namespace {

using dist::unproven_peers;

struct crowd {
  explicit crowd(std::size_t limit) : peers(limit) {}

  unproven_peers::share& come(std::string_view host, std::size_t bytes) {
    auto const number = shares.size();
    shares.push_back(nullptr);
    shares[number] = std::make_unique<unproven_peers::share>(peers, host, bytes, [this, number] { closed.push_back(number); });
    return *shares[number];
  }

  unproven_peers peers;
  std::vector<std::size_t> closed;
  std::vector<std::unique_ptr<unproven_peers::share>> shares;
};

using numbers = std::vector<std::size_t>;

}  // namespace

BOOST_AUTO_TEST_SUITE(unproven)

BOOST_AUTO_TEST_CASE(no_peer_is_closed_below_the_limit) {
  crowd all(100);
  for (int i = 0; i < 10; ++i) all.come("192.0.2.1", 10);
  BOOST_TEST(all.closed.empty());
  BOOST_TEST(all.peers.bytes() == 100U);
  all.shares.clear();
  BOOST_TEST(all.peers.bytes() == 0U);
  BOOST_TEST(all.peers.count() == 0U);
}

BOOST_AUTO_TEST_CASE(flood_closes_the_oldest_peers_of_its_own_address) {
  crowd all(100);
  auto& honest = all.come("192.0.2.9", 10);
  for (int i = 0; i < 12; ++i) all.come("192.0.2.1", 10);
  BOOST_TEST((all.closed == numbers{1, 2, 3}));
  BOOST_TEST(!honest.is_crowded_out());
  BOOST_TEST(all.shares[1]->is_crowded_out());
  BOOST_TEST(all.peers.bytes() == 100U);
  // A newcomer from elsewhere gets in too.
  BOOST_TEST(!all.come("192.0.2.10", 10).is_crowded_out());
  BOOST_TEST((all.closed == numbers{1, 2, 3, 4}));
}

BOOST_AUTO_TEST_CASE(peer_that_alone_exceeds_the_limit_is_closed) {
  crowd all(100);
  auto& honest = all.come("192.0.2.9", 10);
  auto& greedy = all.come("192.0.2.1", 10);
  greedy.hold(90);
  BOOST_TEST(all.closed.empty());
  greedy.hold(91);
  BOOST_TEST(greedy.is_crowded_out());
  BOOST_TEST(!honest.is_crowded_out());
  greedy.hold(1000);  // it is being closed
  BOOST_TEST(all.peers.bytes() == 10U);
  greedy.let_in();
  BOOST_TEST(!greedy.is_let_in());
}

BOOST_AUTO_TEST_CASE(admitted_peer_no_longer_counts) {
  crowd all(100);
  all.come("192.0.2.1", 100).let_in();
  BOOST_TEST(all.peers.bytes() == 0U);
  all.shares[0]->hold(1000);
  all.come("192.0.2.1", 100);
  BOOST_TEST(all.closed.empty());
  BOOST_TEST(all.shares[0]->is_let_in());
}

BOOST_AUTO_TEST_CASE(addresses_of_one_network_count_as_one_party) {
  using dist::party_of;
  BOOST_TEST(party_of("2001:db8::1") == party_of("2001:db8::ffff:2"));
  BOOST_TEST(party_of("2001:db8::1") != party_of("2001:db8:0:1::1"));
  BOOST_TEST(party_of("192.0.2.1") != party_of("192.0.2.2"));
  BOOST_TEST(party_of("fe80::1%eth0") == party_of("fe80::2%eth0"));
  BOOST_TEST(party_of("::1") == "::1");
  BOOST_TEST(party_of("desk") == "desk");
}

BOOST_AUTO_TEST_SUITE_END()
