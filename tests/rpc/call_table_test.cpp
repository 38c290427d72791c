#include <dist/rpc/detail/call_table.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <memory>
#include <random>

#include "rpc/frame_support.hpp"

namespace {

using dist::call_id;
using table = dist::call_table<std::unique_ptr<int>>;

std::unique_ptr<int> entry(int value) { return std::make_unique<int>(value); }

}  // namespace

BOOST_AUTO_TEST_CASE(call_is_found_until_it_is_closed) {
  table calls;
  auto const one = calls.open(entry(1));
  auto const two = calls.open(entry(2));
  BOOST_TEST(calls.size() == 2U);
  BOOST_TEST(**calls.find(one) == 1);
  BOOST_TEST(**calls.find(two) == 2);
  auto const closed = calls.close(one);
  BOOST_TEST_REQUIRE(closed.has_value());
  BOOST_TEST(**closed == 1);
  BOOST_TEST(!calls.find(one));
  BOOST_TEST(**calls.find(two) == 2);
  BOOST_TEST(calls.size() == 1U);
}

BOOST_AUTO_TEST_CASE(stale_id_finds_nothing_after_its_slot_is_reused) {
  table calls;
  auto const old = calls.open(entry(1));
  BOOST_TEST(calls.close(old).has_value());
  auto const young = calls.open(entry(2));
  BOOST_TEST(young.index == old.index);
  BOOST_TEST(young.generation != old.generation);
  BOOST_TEST(!calls.find(old));
  BOOST_TEST(!calls.close(old).has_value());
  BOOST_TEST(**calls.find(young) == 2);
}

BOOST_AUTO_TEST_CASE(ids_that_were_never_issued_find_nothing) {
  table calls;
  BOOST_TEST(!calls.find({}));
  auto const id = calls.open(entry(1));
  BOOST_TEST(!calls.find({}));  // frames that do not concern a call carry the id zero
  BOOST_TEST(!calls.find({id.index + 1, id.generation}));
  BOOST_TEST(!calls.find({0xFFFFFFFF, id.generation}));
  BOOST_TEST(!calls.find({id.index, id.generation + 1}));
  BOOST_TEST(!calls.close({id.index, 0}).has_value());
  BOOST_TEST(calls.size() == 1U);
}

BOOST_AUTO_TEST_CASE(generation_is_never_zero) {
  table calls(0xFFFF'FFFE);
  auto id = calls.open(entry(1));
  for (auto const expected : {0xFFFF'FFFEU, 0xFFFF'FFFFU, 1U, 2U}) {
    BOOST_TEST(id.generation == expected);
    BOOST_TEST(**calls.find(id) == 1);
    BOOST_TEST(!calls.find({id.index, 0}));
    BOOST_TEST(calls.close(id).has_value());
    id = calls.open(entry(1));
  }
}

BOOST_AUTO_TEST_CASE(close_all_returns_every_call_once_and_invalidates_its_id) {
  table calls;
  std::vector<call_id> ids;
  for (int i = 0; i < 10; ++i) ids.push_back(calls.open(entry(i)));
  calls.close(ids[3]);
  calls.close(ids[7]);
  auto const all = calls.close_all();
  BOOST_TEST(calls.empty());
  std::vector<int> values;
  for (auto const& each : all) values.push_back(*each);
  std::sort(values.begin(), values.end());
  BOOST_TEST((values == std::vector<int>{0, 1, 2, 4, 5, 6, 8, 9}));
  for (auto const id : ids) BOOST_TEST(!calls.find(id));
  BOOST_TEST(calls.close_all().empty());
  BOOST_TEST(**calls.find(calls.open(entry(99))) == 99);
}

BOOST_AUTO_TEST_CASE(for_each_visits_every_call_with_its_id) {
  table calls;
  auto const one = calls.open(entry(1));
  auto const two = calls.open(entry(2));
  calls.close(one);
  std::vector<call_id> seen;
  calls.for_each([&](call_id id, std::unique_ptr<int>& value) {
    seen.push_back(id);
    BOOST_TEST(*value == 2);
  });
  BOOST_TEST((seen == std::vector<call_id>{two}));
}

BOOST_AUTO_TEST_CASE(many_openings_and_closings_agree_with_a_list) {
  table calls;
  std::mt19937 chance(42);
  std::vector<std::pair<call_id, int>> live;
  std::vector<call_id> dead;
  for (int step = 0; step < 50'000; ++step) {
    if (live.size() < 100 && chance() % 2 == 0) {
      live.emplace_back(calls.open(entry(step)), step);
    } else if (!live.empty()) {
      auto const at = live.begin() + static_cast<std::ptrdiff_t>(chance() % live.size());
      auto const closed = calls.close(at->first);
      BOOST_TEST_REQUIRE(closed.has_value());
      BOOST_TEST_REQUIRE(**closed == at->second);
      dead.push_back(at->first);
      live.erase(at);
    }
    if (!dead.empty()) BOOST_TEST_REQUIRE(!calls.find(dead[chance() % dead.size()]));
    BOOST_TEST_REQUIRE(calls.size() == live.size());
  }
  for (auto const& [id, value] : live) BOOST_TEST_REQUIRE(**calls.find(id) == value);
}
