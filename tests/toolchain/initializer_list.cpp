// An initializer list inside a co_await expression: valid, but g++ 12 rejects it with "array used as initializer".
#include <coroutine>
#include <initializer_list>

struct task {
  struct promise_type {
    task get_return_object() { return {}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
};

std::suspend_never count(std::initializer_list<int>) { return {}; }

task start() { co_await count({1, 2, 3}); }
