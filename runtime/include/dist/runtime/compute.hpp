#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/post.hpp>
#include <asio/this_coro.hpp>
#include <atomic>
#include <concepts>
#include <dist/rpc/detail/context_seams.hpp>
#include <dist/rpc/detail/event.hpp>
#include <dist/rpc/task.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <system_error>
#include <type_traits>
#include <utility>

namespace dist {

/// A function on its way to a compute thread and back. Shared: the coroutine that waits for it may go first.
class computation : public std::enable_shared_from_this<computation> {
 public:
  virtual ~computation() = default;

  /// Runs it on a thread of `on`; completes on the caller's executor when it has ended.
  task<void> run_on(compute_threads& on);

 protected:
  virtual void run() = 0;

 private:
  enum class state { fresh, begun, unwanted };

  void begin() noexcept;

  asio::any_io_executor home_;
  std::atomic<state> state_{state::fresh};
  std::exception_ptr error_;
  bool ended_ = false;
  event done_;
};

/// Runs `f` on a compute thread of this process, and yields its result: `co_await dist::compute(f)`. The job's
/// coroutine, folds, ranges of inputs and observers run on the I/O thread, which serves all nodes: code that computes
/// there for longer than some milliseconds belongs in here, or in a method. A job's process has one such thread, so
/// that `f`s run one after the other; many at once are calls. In a method, which has a compute thread already, `f` runs
/// at once.
///
/// Errors   what `f` throws; std::logic_error where no cluster belongs to the coroutine's executor.
/// Cancel   terminal. Before `f` has started it never does. Once started it runs to its end, for it may use objects of
///          the caller; its result is yielded, and the next await of the caller throws.
/// Runs on  any executor; the caller resumes on its own.
/// Lives    `f` is kept by value. On g++ 12 name a lambda that captures, and move it in.
template <std::invocable F>
auto compute(F f) -> task<std::invoke_result_t<F&>> {
  using R = std::invoke_result_t<F&>;
  struct of_function final : computation {
    explicit of_function(F&& what) : function(std::move(what)) {}
    void run() override {
      if constexpr (std::is_void_v<R>)
        function();
      else
        value.emplace(function());
    }
    F function;
    std::optional<std::conditional_t<std::is_void_v<R>, bool, R>> value;
  };
  auto const executor = co_await asio::this_coro::executor;
  auto const here = context_seams::get(executor, "dist::compute");
  if (!here.compute) co_return f();
  auto const made = std::make_shared<of_function>(std::move(f));
  co_await made->run_on(*here.compute);
  if constexpr (!std::is_void_v<R>) co_return std::move(*made->value);
}

}  // namespace dist
