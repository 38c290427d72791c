#include <dist/rpc/detail/recycled.hpp>

#include <boost/test/unit_test.hpp>
#include <set>
#include <thread>
#include <vector>

namespace {

struct small : dist::recycled<small> {
  virtual ~small() = default;
  std::uint64_t numbers[4] = {1, 2, 3, 4};
};
/// Of another size: its blocks are not those of a small one.
struct large final : small {
  std::uint64_t more[100] = {};
};
struct other : dist::recycled<other> {
  std::uint64_t numbers[7] = {};
};

/// Whether blocks are kept at all: under a sanitizer they are not, so that it sees a use after the end.
bool keeps_blocks() {
  auto* const first = dist::spare_blocks<48>::take();
  auto* const second = dist::spare_blocks<48>::take();
  dist::spare_blocks<48>::give(first);
  dist::spare_blocks<48>::give(second);
  auto* const again = dist::spare_blocks<48>::take();
  auto* const last = dist::spare_blocks<48>::take();
  auto const kept = again == second && last == first;
  dist::spare_blocks<48>::give(again);
  dist::spare_blocks<48>::give(last);
  return kept;
}

constexpr std::size_t many = 3000;  // more than are kept

}  // namespace

BOOST_AUTO_TEST_CASE(an_object_gets_the_block_of_the_last_one_that_ended) {
  if (!keeps_blocks()) return;
  auto const* const first = new small;
  auto const where = reinterpret_cast<std::uintptr_t>(first);
  delete first;
  small const* const second = new small;
  BOOST_TEST(reinterpret_cast<std::uintptr_t>(second) == where);
  BOOST_TEST(second->numbers[3] == 4U);
  delete second;
}

BOOST_AUTO_TEST_CASE(objects_that_live_share_no_block) {
  for (int round = 0; round < 3; ++round) {
    std::vector<small*> live;
    for (std::size_t i = 0; i < many; ++i) live.push_back(new small);
    BOOST_TEST(std::set<small*>(live.begin(), live.end()).size() == many);
    for (auto* one : live) delete one;
  }
}

BOOST_AUTO_TEST_CASE(a_derived_object_has_a_block_of_its_own_size) {
  // Ended through its base: the deleting destructor knows the size.
  small* const it = new large;
  static_cast<large*>(it)->more[99] = 7;
  delete it;
  small* const next = new small;
  BOOST_TEST(next->numbers[0] == 1U);
  delete next;
}

BOOST_AUTO_TEST_CASE(sizes_do_not_mix) {
  if (!keeps_blocks()) return;
  auto* const one = new other;
  auto const where = reinterpret_cast<std::uintptr_t>(one);
  delete one;
  auto* const another = new small;
  BOOST_TEST(reinterpret_cast<std::uintptr_t>(another) != where);
  delete another;
}

BOOST_AUTO_TEST_CASE(blocks_go_with_their_thread_and_may_end_on_another) {
  std::vector<small*> made;
  std::thread([&] {
    for (std::size_t i = 0; i < many; ++i) made.push_back(new small);
    // Some end here: these the thread keeps until it ends. The leak checker sees if it did not give them back.
    for (std::size_t i = 0; i < many / 2; ++i) {
      delete made.back();
      made.pop_back();
    }
  }).join();
  std::size_t whole = 0;
  for (auto* one : made) {
    whole += one->numbers[0] == 1 && one->numbers[3] == 4;
    delete one;
  }
  BOOST_TEST(whole == many / 2);
}
