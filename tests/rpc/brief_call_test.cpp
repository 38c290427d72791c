#include <dist/rpc/service.hpp>

#include <dist/rpc/detail/codec.hpp>
#include <dist/rpc/service_list.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> allocation_count = 0;

struct Arith {
  std::int64_t add(std::int64_t a, std::int64_t b, std::int64_t c) const { return a + b + c; }
  void count() { ++counted; }
  int counted = 0;
};
BOOST_DESCRIBE_STRUCT(Arith, (), (add, count))

}  // namespace

template <>
inline constexpr bool dist::brief<&Arith::add> = true;
template <>
inline constexpr bool dist::brief<&Arith::count> = true;

// buffer uses realloc; the buffers here are warm, so only other allocations are counted.
void* operator new(std::size_t size) {
  allocation_count.fetch_add(1, std::memory_order_relaxed);
  if (void* block = std::malloc(size ? size : 1)) return block;
  throw std::bad_alloc();
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }

BOOST_AUTO_TEST_SUITE(brief_call)

BOOST_AUTO_TEST_CASE(brief_call_allocates_nothing) {
  auto table = dist::services<Arith>().make();
  dist::outcome out;
  for (auto const codec : {dist::codec::cbor, dist::codec::json}) {
    dist::invocation add;
    dist::invocation count;
    add.codec = count.codec = codec;
    BOOST_TEST_REQUIRE(dist::encode_arguments(codec, add.spelling, add.storage, std::int64_t{1}, std::int64_t{2},
                                              std::int64_t{3}) == "");
    BOOST_TEST_REQUIRE(dist::encode_arguments(codec, count.spelling, count.storage) == "");
    add.arguments = add.storage.bytes();
    count.arguments = count.storage.bytes();
    auto const add_index = table.find("Arith.add").value();
    auto const count_index = table.find("Arith.Count").value();
    BOOST_TEST_REQUIRE(table.try_run_here(add_index, add, out));
    auto const capacity = out.payload.capacity();
    auto const before = allocation_count.load();
    bool all_ran = true;
    for (int i = 0; i < 10'000; ++i)
      all_ran = all_ran && table.try_run_here(count_index, count, out) && table.try_run_here(add_index, add, out);
    auto const after = allocation_count.load();
    BOOST_TEST(all_ran);
    // Reading JSON may allocate; calls between dist peers do not.
    if (codec == dist::codec::cbor) BOOST_TEST(after - before == 0U);
    BOOST_TEST(out.payload.capacity() == capacity);
    std::int64_t sum = 0;
    BOOST_TEST(dist::decode_result(codec, out.payload.bytes(), 64, sum) == "");
    BOOST_TEST(sum == 6);
  }
}

BOOST_AUTO_TEST_SUITE_END()
