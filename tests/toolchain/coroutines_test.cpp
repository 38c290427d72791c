// What g++ 12 does to temporaries inside a co_await expression: the reason why option types are not aggregates, why g++
// before 13 rejects an rvalue of a user's aggregate, and why lambdas and pendings are named first. Clang is right.

#include <boost/test/unit_test.hpp>
#include <coroutine>

namespace {

#if defined(__GNUC__) && !defined(__clang__)
constexpr int extra = 1;  // surplus destructor calls
#else
constexpr int extra = 0;
#endif

struct routine {
  struct promise_type {
    routine get_return_object() { return {}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { throw; }
  };
};

// Owns nothing, so destroying it twice is harmless here.
struct counted {
  explicit counted(int& alive_count) : alive(alive_count) { ++alive; }
  counted(counted const& other) : alive(other.alive) { ++alive; }
  ~counted() { --alive; }

  int& alive;
};

struct aggregate {
  int number;
  counted member;
};

class fluent {
 public:
  explicit fluent(int& alive) : member_(alive) {}
  fluent number(int value) && {
    number_ = value;
    return *this;
  }

 private:
  int number_ = 0;
  counted member_;
};

std::suspend_never take(aggregate const&) { return {}; }
std::suspend_never take(fluent const&) { return {}; }

template <class F>
std::suspend_never invoke(F work) {
  work();
  return {};
}

aggregate make(int& alive) { return {1, counted(alive)}; }

routine with_aggregate(int& alive) { co_await take(aggregate{1, counted(alive)}); }
routine with_returned_aggregate(int& alive) { co_await take(make(alive)); }
routine with_fluent(int& alive) { co_await take(fluent(alive).number(1)); }
routine with_named(int& alive) {
  aggregate argument{1, counted(alive)};
  co_await take(argument);
}
routine with_lambda(int& alive) {
  counted captured(alive);
  co_await invoke([captured] { (void)captured; });
}

int left_alive(routine (*run)(int&)) {
  int alive = 0;
  run(alive);
  return alive;
}

}  // namespace

BOOST_AUTO_TEST_CASE(gcc_12_destroys_some_temporaries_twice) {
  BOOST_TEST(left_alive(with_aggregate) == -extra);
  BOOST_TEST(left_alive(with_lambda) == -extra);
}

BOOST_AUTO_TEST_CASE(other_temporaries_are_destroyed_once) {
  BOOST_TEST(left_alive(with_returned_aggregate) == 0);
  BOOST_TEST(left_alive(with_fluent) == 0);
  BOOST_TEST(left_alive(with_named) == 0);
}
