#include <dist/rpc/detail/buffer.hpp>
#include <dist/rpc/detail/large_blocks.hpp>

#include <boost/test/unit_test.hpp>
#include <cstring>

namespace {

constexpr std::size_t mib = std::size_t{1} << 20;

/// Sanitizer builds keep no blocks, so that use after free is detected.
bool keeps_blocks() {
  dist::large_blocks::give(dist::large_blocks::take(mib));
  auto const kept = dist::large_blocks::kept_bytes() != 0;
  for (int beat = 0; beat < 3; ++beat) dist::large_blocks::return_unused();
  return kept;
}

dist::buffer filled(std::size_t bytes) {
  dist::buffer made;
  std::memset(made.grow(bytes), 7, bytes);
  return made;
}

}  // namespace

BOOST_AUTO_TEST_CASE(returned_block_serves_the_next_payload) {
  if (!keeps_blocks()) return;
  std::byte const* where = nullptr;
  {
    auto const first = filled(8 * mib);
    where = first.data();
  }
  auto const second = filled(7 * mib);
  BOOST_TEST(second.data() == where);
  BOOST_TEST(dist::large_blocks::kept_bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(smallest_sufficient_block_is_taken) {
  if (!keeps_blocks()) return;
  std::byte const* small = nullptr;
  {
    auto const large = filled(16 * mib);
    auto const one = filled(4 * mib);
    small = one.data();
  }
  auto const next = filled(3 * mib);
  BOOST_TEST(next.data() == small);
}

BOOST_AUTO_TEST_CASE(unused_block_is_returned_to_the_system) {
  if (!keeps_blocks()) return;
  { auto const gone = filled(4 * mib); }
  dist::large_blocks::return_unused();
  BOOST_TEST(dist::large_blocks::kept_bytes() >= 4 * mib);
  dist::large_blocks::return_unused();
  BOOST_TEST(dist::large_blocks::kept_bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(kept_blocks_are_limited) {
  if (!keeps_blocks()) return;
  // Pages that are never touched cost nothing.
  dist::large_blocks::give(dist::large_blocks::take(1024 * mib));
  BOOST_TEST(dist::large_blocks::kept_bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(reserve_kept_uses_only_kept_blocks) {
  dist::buffer fresh;
  fresh.reserve_kept(2 * mib);
  BOOST_TEST(fresh.capacity() == 0U);
  if (!keeps_blocks()) return;
  { auto const gone = filled(4 * mib); }
  fresh.append(dist::as_bytes("before"));
  fresh.reserve_kept(3 * mib);
  BOOST_TEST(fresh.capacity() >= 3 * mib);
  BOOST_TEST(fresh.text() == "before");
}

BOOST_AUTO_TEST_CASE(growing_buffer_keeps_its_bytes_across_all_kinds_of_memory) {
  dist::buffer grown;
  for (std::size_t i = 0; i < 6 * mib; ++i) grown.push_back(static_cast<std::byte>(i % 251));
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < grown.size(); ++i) wrong += grown.data()[i] != static_cast<std::byte>(i % 251);
  BOOST_TEST(wrong == 0U);
}
