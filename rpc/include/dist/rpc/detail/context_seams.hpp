#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/execution_context.hpp>
#include <asio/io_context.hpp>
#include <dist/rpc/clock.hpp>
#include <dist/rpc/detail/compute.hpp>
#include <mutex>
#include <optional>
#include <vector>

namespace dist {

/// The seams that belong to an execution context, for coroutines that know nothing but their executor; a service of the
/// context. Any thread.
class context_seams final : public asio::execution_context::service {
 public:
  using key_type = context_seams;
  static asio::execution_context::id id;

  /// What is known of a context.
  struct known {
    asio::io_context* io;      ///< on which the clock's actions run
    dist::clock* time;
    compute_threads* compute;  ///< null: the context's own threads are those that compute
  };

  explicit context_seams(asio::execution_context& context) : service(context) {}
  static context_seams& of(asio::any_io_executor const& executor);
  /// Throws std::logic_error, which names `what` cannot be done, where nothing is known.
  static known get(asio::any_io_executor const& executor, char const* what);

  /// Good until forget(); the latest counts.
  void add(void const* owner, known seams);
  void forget(void const* owner) noexcept;

 private:
  void shutdown() override {}

  struct entry {
    void const* owner;
    known seams;
  };
  std::mutex mutex_;
  std::vector<entry> entries_;
};

}  // namespace dist
