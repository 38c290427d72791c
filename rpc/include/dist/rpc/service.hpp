#pragma once

#include <dist/rpc/clock.hpp>
#include <dist/rpc/context.hpp>
#include <dist/rpc/detail/buffer.hpp>
#include <dist/rpc/detail/codec.hpp>
#include <dist/rpc/detail/compute.hpp>
#include <dist/rpc/detail/method_entry.hpp>
#include <dist/rpc/detail/service_name.hpp>
#include <dist/rpc/detail/work_item.hpp>
#include <dist/rpc/fault.hpp>
#include <dist/rpc/limits.hpp>
#include <dist/rpc/task.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace dist {

/// A method that this program serves.
struct method_description : method_entry {
  bool coroutine = false;    ///< returns a task
  bool needs_scope = false;  ///< takes a context or is a coroutine: its invocation should carry a scope
  class_tag const* serving = nullptr;  ///< the class whose object runs it; null where only the name is known
};

struct invocation;

/// Hears methods begin and end, on the threads that run them.
class call_watch {
 public:
  virtual ~call_watch() = default;
  /// Returns the argument of ends().
  virtual std::size_t begins(std::string_view method, invocation const& what) noexcept = 0;
  virtual void ends(std::size_t place) noexcept = 0;
};

/// One request as a method needs it.
struct invocation {
  dist::codec codec{};                       ///< of the arguments and of the result
  dist::spelling spelling{};                 ///< how the result writes member names
  std::span<std::byte const> arguments;      ///< encoded; must live until the method has ended: parameters may view it
  buffer storage;                            ///< may own what `arguments` shows: moving a buffer moves no byte
  std::shared_ptr<call_scope> scope;         ///< may be null for a method that does not need one
  std::size_t depth_limit = limits{}.depth;  ///< nesting of the arguments
  std::size_t result_limit = limits{}.frame_bytes;  ///< bytes of the encoded result
  bool nested = false;  ///< made by a running method: it does not wait behind others for a busy object
  clock const* time = nullptr;  ///< measures a plain method that runs on a compute thread; null: not measured
  call_watch* watch = nullptr;  ///< may be null
};

/// How a method ended: an encoded result, or a fault.
struct outcome {
  buffer payload;
  std::span<std::byte const> tail;   ///< follows the payload: an array of large_array_bytes or more, where it is
  std::shared_ptr<void const> keep;  ///< owns the tail
  std::optional<fault> error;
  std::uint32_t running_us = 0;  ///< how long the method ran, rounded up; 0: not measured

  std::size_t bytes() const noexcept { return payload.size() + tail.size(); }
  void drop_result() noexcept {
    payload.clear();
    tail = {};
    keep.reset();
  }
};

/// Called exactly once, on the thread on which the method ended, when its object is free again. It must not throw.
using done_handler = std::function<void(outcome)>;

/// Whether calls of a method may overlap with others of its object.
enum class access {
  shared,     ///< const: runs beside other const methods
  exclusive,  ///< non-const: runs alone; a coroutine between its awaits
};

/// One method of a type-erased object. Exactly one of `run` and `run_task` is set; both decode, call
/// and encode, and let what the method throws pass.
struct bound_method {
  method_description description;
  dist::access access = dist::access::exclusive;
  void (*run)(void* object, invocation& what, outcome& out) = nullptr;
  task<void> (*run_task)(void* object, invocation& what, outcome& out) = nullptr;
};

class instance_gate;
class service_call;

/// All services of one node: their objects and the methods by index, name and Go spelling. Any thread may use it once
/// it is built. A call that is still running when it goes keeps its object and ends as it would have; `compute` must
/// outlive the calls.
class service_table {
 public:
  service_table();
  service_table(service_table&&) noexcept;
  service_table& operator=(service_table&&) noexcept;
  ~service_table();

  /// Adds the methods of one object, which the table keeps alive.
  void add(std::vector<bound_method> methods, std::shared_ptr<void> object);

  std::span<method_description const> methods() const noexcept { return descriptions_; }
  /// The index of `Arith.check_n`, also spelled `Arith.CheckN`.
  std::optional<std::size_t> find(std::string_view wire_name) const;

  /// Whether `blocking`, a method that keeps its thread and its object while it waits for calls of its own, would wait
  /// in vain for a call of `called` here: it is of the same object, and one of the two must be alone in it.
  bool would_deadlock(std::string_view blocking, std::string_view called) const;

  /// Runs a brief plain method here and now. False, and nothing happened, when it has to be started on the compute
  /// threads: it is not brief, or its object is busy. Allocates nothing but what the values need; `out` is reused.
  bool try_run_here(std::size_t method, invocation& what, outcome& out);

  /// Runs a method on the compute threads.
  ///
  /// Errors   errc::bad_arguments (not started), errc::bad_result, errc::limit_exceeded (executed), what the method
  ///          threw as errc::method_failed, errc::transient or, when it was cancelled, errc::cancelled.
  /// Cancel   through what.scope: terminal for a coroutine, on its executor; a plain method may ask its context. A call
  ///          that was cancelled before its method began ends as errc::cancelled, not started.
  /// Runs on  a thread of `on`; a coroutine on a strand of on.executor(), under its object's rule of access.
  /// Lives    the arguments until the call has ended.
  void start(std::size_t method, std::unique_ptr<service_call, drop_work> call, compute_threads& on);
  void start(std::size_t method, invocation what, compute_threads& on, done_handler done);

  /// How often a method was called, and how often that failed.
  struct call_counts {
    std::uint64_t calls = 0;     ///< started or queued at a busy object
    std::uint64_t failures = 0;  ///< ended with a fault
  };
  call_counts counts(std::size_t method) const noexcept;

 private:
  struct entry;
  friend class service_call;

  std::vector<method_description> descriptions_;
  std::vector<std::shared_ptr<entry>> entries_;  ///< shared with the calls that run
  struct text_hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::unordered_map<std::string, std::size_t, text_hash, std::equal_to<>> by_name_;
};

/// A call on its way through a service: what is asked, what came of it, and the work for a compute thread in one
/// object. It belongs to the service from start() until ended() or drop().
class service_call : public work_item {
 public:
  invocation what;
  outcome out;

 protected:
  /// Called at most once, on the thread on which the method ended, when its object is free again: `out` says how.
  virtual void ended() noexcept = 0;

 private:
  friend class service_table;
  void run() noexcept final;

  std::shared_ptr<service_table::entry> called_;
};

using service_call_ptr = std::unique_ptr<service_call, drop_work>;

}  // namespace dist
