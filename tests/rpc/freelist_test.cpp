#include <dist/rpc/detail/freelist.hpp>

#include <boost/test/unit_test.hpp>
#include <set>
#include <thread>
#include <vector>

namespace {

struct small : dist::from_freelist<small> {
  virtual ~small() = default;
  std::uint64_t numbers[4] = {1, 2, 3, 4};
};
/// Of another size, so its blocks are separate.
struct large final : small {
  std::uint64_t more[100] = {};
};
struct other : dist::from_freelist<other> {
  std::uint64_t numbers[7] = {};
};

/// Whether blocks are kept: sanitizer builds keep none, so that use after free is detected.
bool keeps_blocks() {
  auto* const first = dist::freelist<48>::take();
  auto* const second = dist::freelist<48>::take();
  dist::freelist<48>::give(first);
  dist::freelist<48>::give(second);
  auto* const again = dist::freelist<48>::take();
  auto* const last = dist::freelist<48>::take();
  auto const kept = again == second && last == first;
  dist::freelist<48>::give(again);
  dist::freelist<48>::give(last);
  return kept;
}

constexpr std::size_t many = 3000;  // more than the freelist keeps

}  // namespace

BOOST_AUTO_TEST_CASE(new_object_gets_the_block_of_the_last_destroyed_one) {
  if (!keeps_blocks()) return;
  auto const* const first = new small;
  auto const where = reinterpret_cast<std::uintptr_t>(first);
  delete first;
  small const* const second = new small;
  BOOST_TEST(reinterpret_cast<std::uintptr_t>(second) == where);
  BOOST_TEST(second->numbers[3] == 4U);
  delete second;
}

BOOST_AUTO_TEST_CASE(live_objects_share_no_block) {
  for (int round = 0; round < 3; ++round) {
    std::vector<small*> live;
    for (std::size_t i = 0; i < many; ++i) live.push_back(new small);
    BOOST_TEST(std::set<small*>(live.begin(), live.end()).size() == many);
    for (auto* one : live) delete one;
  }
}

BOOST_AUTO_TEST_CASE(derived_object_gets_a_block_of_its_own_size) {
  // Destroyed through its base: the deleting destructor knows the size.
  small* const it = new large;
  static_cast<large*>(it)->more[99] = 7;
  delete it;
  small* const next = new small;
  BOOST_TEST(next->numbers[0] == 1U);
  delete next;
}

BOOST_AUTO_TEST_CASE(blocks_of_different_sizes_do_not_mix) {
  if (!keeps_blocks()) return;
  auto* const one = new other;
  auto const where = reinterpret_cast<std::uintptr_t>(one);
  delete one;
  auto* const another = new small;
  BOOST_TEST(reinterpret_cast<std::uintptr_t>(another) != where);
  delete another;
}

BOOST_AUTO_TEST_CASE(block_may_be_freed_on_another_thread) {
  std::vector<small*> made;
  std::thread([&] {
    for (std::size_t i = 0; i < many; ++i) made.push_back(new small);
    // Some end here: this thread keeps them until it ends. The leak checker would see blocks that it did not return.
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
