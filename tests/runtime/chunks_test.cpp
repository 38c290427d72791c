#include <boost/test/unit_test.hpp>
#include <dist/runtime/chunks.hpp>
#include <limits>
#include <random>
#include <vector>

namespace {

/// Checks the guarantees of every chunking; the range must be small enough to iterate over.
template <class T>
void check(T first, T last, T size) {
  auto const all = dist::chunks(first, last, size);
  T at = first;
  std::size_t count = 0;
  bool smaller = false;
  for (auto const one : all) {
    BOOST_REQUIRE(one.first == at);
    BOOST_REQUIRE(one.first < one.last);
    auto const length = static_cast<std::make_unsigned_t<T>>(one.last) - static_cast<std::make_unsigned_t<T>>(one.first);
    BOOST_REQUIRE(!smaller);  // only the last may be
    BOOST_REQUIRE(static_cast<std::uint64_t>(static_cast<std::make_unsigned_t<T>>(length)) <=
                  static_cast<std::uint64_t>(size));
    smaller = static_cast<std::uint64_t>(static_cast<std::make_unsigned_t<T>>(length)) < static_cast<std::uint64_t>(size);
    at = one.last;
    BOOST_REQUIRE(++count < 100'000);
  }
  BOOST_TEST(at == (last < first ? first : last));
  BOOST_TEST(all.size() == count);
  BOOST_TEST((all.begin() == all.end()) == (count == 0));
}

template <class T>
constexpr T least = std::numeric_limits<T>::min();
template <class T>
constexpr T most = std::numeric_limits<T>::max();

}  // namespace

BOOST_AUTO_TEST_SUITE(chunks)

BOOST_AUTO_TEST_CASE(range_is_cut_into_chunks) {
  std::vector<dist::chunk<int>> const right{{0, 3}, {3, 6}, {6, 7}};
  std::vector<dist::chunk<int>> got;
  for (auto const one : dist::chunks(0, 7, 3)) got.push_back(one);
  BOOST_TEST((got == right));
  BOOST_TEST(dist::chunks(0, 1'000'001, 10'000).size() == 101U);
}

BOOST_AUTO_TEST_CASE(empty_and_reversed_ranges_have_no_chunks) {
  check<int>(5, 5, 1);
  check<int>(5, 4, 1);
  check<int>(most<int>, least<int>, most<int>);
  check<unsigned>(9, 3, 2);
}

BOOST_AUTO_TEST_CASE(ranges_at_the_limits_of_their_type_are_cut_correctly) {
  check<std::int64_t>(least<std::int64_t>, most<std::int64_t>, most<std::int64_t>);
  check<std::int64_t>(least<std::int64_t>, most<std::int64_t>, most<std::int64_t> / 3);
  check<std::int64_t>(most<std::int64_t> - 10, most<std::int64_t>, 3);
  check<std::int64_t>(least<std::int64_t>, least<std::int64_t> + 10, 4);
  check<std::uint64_t>(0, most<std::uint64_t>, most<std::uint64_t>);
  check<std::uint64_t>(0, most<std::uint64_t>, most<std::uint64_t> / 7);
  check<std::uint64_t>(most<std::uint64_t> - 1, most<std::uint64_t>, most<std::uint64_t>);
  check<int>(0, 3, most<int>);
}

BOOST_AUTO_TEST_CASE(every_small_range_is_cut_correctly) {
  for (int first = 0; first < 256; first += 5)
    for (int last = first; last < 256; last += 3)
      for (int const size : {1, 2, 7, 100, 254, 255})
        check(static_cast<std::uint8_t>(first), static_cast<std::uint8_t>(last), static_cast<std::uint8_t>(size));
  for (int first = -128; first < 128; first += 9)
    for (int last = first; last < 128; last += 5)
      for (int const size : {1, 3, 100, 127})
        check(static_cast<std::int8_t>(first), static_cast<std::int8_t>(last), static_cast<std::int8_t>(size));
}

BOOST_AUTO_TEST_CASE(random_ranges_are_cut_correctly) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) {
    auto const first = static_cast<std::int64_t>(random());
    auto const room = static_cast<std::uint64_t>(most<std::int64_t>) - static_cast<std::uint64_t>(first);
    auto const length = random() % (room / 2 + 1);
    auto const last = static_cast<std::int64_t>(static_cast<std::uint64_t>(first) + length);
    auto const size = static_cast<std::int64_t>(length / (1 + random() % 300) + 1);
    check(first, last, size);
  }
}

BOOST_AUTO_TEST_CASE(mixed_integer_types_are_accepted) {
  // A size that the numbers' type cannot hold exceeds the range.
  std::uint8_t const first = 0;
  std::uint8_t const last = 200;
  auto const all = dist::chunks(first, last, 1000);
  BOOST_TEST(all.size() == 1U);
  BOOST_TEST(int((*all.begin()).last) == 200);
  BOOST_TEST(dist::chunks(0, std::int64_t{1} << 40, 1 << 30).size() == 1024U);
}

BOOST_AUTO_TEST_CASE(size_zero_throws) {
  BOOST_CHECK_THROW(dist::chunks(0, 10, 0), std::invalid_argument);
  BOOST_CHECK_THROW(dist::chunks(0, 10, -1), std::invalid_argument);
  BOOST_CHECK_THROW(dist::chunks(0U, 10U, 0U), std::invalid_argument);
  BOOST_CHECK_THROW(dist::chunks(0U, 10U, -1), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(chunk_converts_to_a_struct_of_two_members) {
  struct span {
    std::int64_t start;
    std::int64_t end;
  };
  span const one = dist::chunk<std::int64_t>{3, 7};
  BOOST_TEST(one.start == 3);
  BOOST_TEST(one.end == 7);
}

BOOST_AUTO_TEST_SUITE_END()
