#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/co_spawn.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>
#include <dist/rpc/task.hpp>
#include <dist/runtime/cluster.hpp>
#include <dist/runtime/pending.hpp>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace dist {

/// Runs `work` on `executor`; the caller resumes where it was. Cancel: terminal, reaches the work.
template <class R>
task<R> run_on(asio::any_io_executor executor, task<R> work) {
  return asio::co_spawn(std::move(executor), std::move(work), asio::use_awaitable);
}

/// A method's thread blocks while this lives. Throws call_error (errc::overloaded) where that would leave no thread to
/// run what the others wait for.
class thread_block {
 public:
  explicit thread_block(compute_threads& on);
  ~thread_block() { on_.end_block(); }
  thread_block(thread_block const&) = delete;
  thread_block& operator=(thread_block const&) = delete;

 private:
  compute_threads& on_;
};

/// Behind the others of this name.
template <class R>
R block_on(call_book& calls, task<R> work) {
  if (calls.on_io_thread())
    throw std::logic_error("dist::block_on on the I/O thread would deadlock: use co_await there");
  if (calls.is_stopped()) throw call_error(make_fault(errc::stopped, "the cluster was stopped"));
  thread_block const blocking(calls.world().compute);
  return asio::co_spawn(calls.get_executor(), std::move(work), asio::use_future).get();
}

/// Waits for `work` on this thread, for code without coroutines.
///
/// Errors   what the work throws; std::logic_error on the I/O thread, which would wait for itself: use co_await there;
///          call_error (errc::overloaded) in a method when all but one of its node's threads, two a slot, block already:
///          methods that call each other more deeply are coroutines, or need more slots.
template <class R>
R block_on(cluster const& on, task<R> work) {
  return block_on(on.caller(), std::move(work));
}

template <class R>
R block_on(pending<R> call) {
  if (!call.valid()) throw std::logic_error("dist::block_on: this pending has already been awaited or moved from");
  auto const calls = call.shared_caller();
  if (!calls || calls->is_stopped()) throw call_error(make_fault(errc::stopped, "the cluster was stopped"));
  return block_on(*calls, task<R>(std::move(call)));
}

}  // namespace dist
