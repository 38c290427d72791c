#include <dist/rpc/service.hpp>

#include <dist/rpc/detail/binding.hpp>
#include <dist/rpc/detail/text.hpp>

#include <algorithm>
#include <atomic>
#include <utility>

#include "service/coroutine_call.hpp"
#include "service/instance_gate.hpp"
#include "service/method_fault.hpp"

namespace dist {

void refuse_arguments(outcome& out, std::string problem) {
  out.error = make_fault(errc::bad_arguments, std::move(problem));
}

void refuse_result(outcome& out, std::string problem) { out.error = make_fault(errc::bad_result, std::move(problem)); }

struct service_table::entry {
  bound_method bound;
  std::shared_ptr<void> object;
  std::shared_ptr<instance_gate> gate;  ///< null if every method of the object is const: no call ever waits
  std::atomic<std::uint64_t> calls = 0;
  std::atomic<std::uint64_t> failures = 0;

  void leave() noexcept {
    if (gate) gate->leave(bound.access);
  }

  void make_scope(invocation& what) const {
    if (!what.scope && bound.description.needs_scope)
      what.scope = std::make_shared<call_scope>(bound.description.name, std::string(), deadline::never());
  }

  /// The end of every call: builds its fault and counts it.
  void finish(invocation const& what, outcome& out) noexcept {
    if (!out.error && out.bytes() > what.result_limit) {
      std::string const name = what.codec == codec::json ? "message_bytes" : "frame_bytes";
      out.error = make_fault(errc::limit_exceeded, "the result has " + std::to_string(out.bytes()) + " bytes; the limit (" +
                                                       name + ") is " + std::to_string(what.result_limit) +
                                                       "; all ends can raise it: --limit " + name + "=SIZE");
      out.error->known = progress::executed;
    }
    if (!out.error) return;
    failures.fetch_add(1, std::memory_order_relaxed);
    out.drop_result();
    out.error->message = as_utf8(std::move(out.error->message));
    out.error->cause = as_utf8(std::move(out.error->cause));
    out.error->method = bound.description.name;
    if (what.scope) out.error->node = what.scope->node();
    out.error->phase = "running";
  }

  /// A plain method; its object has been entered and is left.
  void run(invocation& what, outcome& out) noexcept {
    if (what.scope && (what.scope->cancelled() || !what.scope->try_begin())) {
      out.error = cancelled_before_start();
    } else {
      auto const seen = what.watch ? what.watch->begins(bound.description.name, what) : 0;
      try {
        bound.run(object.get(), what, out);
      } catch (...) {
        out.error = fault_of_exception(std::current_exception(), what.scope.get());
      }
      if (what.watch) what.watch->ends(seen);
    }
    leave();
    finish(what, out);
  }
};

namespace {

std::uint32_t running_microseconds(duration ran) noexcept {
  auto const us = std::chrono::ceil<std::chrono::microseconds>(ran).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(us, 1, UINT32_MAX));
}

}  // namespace

service_table::service_table() = default;
service_table::service_table(service_table&&) noexcept = default;
service_table& service_table::operator=(service_table&&) noexcept = default;
service_table::~service_table() = default;

void service_table::add(std::vector<bound_method> methods, std::shared_ptr<void> object) {
  bool const all_const =
      std::all_of(methods.begin(), methods.end(), [](auto const& m) { return m.access == access::shared; });
  auto const gate = all_const ? nullptr : std::make_shared<instance_gate>();
  auto const first = entries_.size();
  for (auto& bound : methods) {
    auto made = std::make_shared<entry>();
    descriptions_.push_back(bound.description);
    by_name_.emplace(bound.description.name, entries_.size());
    made->bound = std::move(bound);
    made->object = object;
    made->gate = gate;
    entries_.push_back(std::move(made));
  }
  // A declared name is never hidden by another's Go spelling.
  for (auto index = first; index < entries_.size(); ++index) {
    std::string_view const name = descriptions_[index].name;
    auto const dot = name.rfind('.');
    auto const method = '.' + go_spelling(name.substr(dot + 1));
    by_name_.emplace(std::string(name.substr(0, dot)) + method, index);
    by_name_.emplace(go_spelling(name.substr(0, dot)) + method, index);
  }
}

std::optional<std::size_t> service_table::find(std::string_view wire_name) const {
  auto const found = by_name_.find(wire_name);
  if (found == by_name_.end()) return std::nullopt;
  return found->second;
}

bool service_table::would_deadlock(std::string_view blocking, std::string_view called) const {
  auto const outer = find(blocking);
  auto const inner = find(called);
  if (!outer || !inner) return false;
  auto const& holds = *entries_[*outer];
  auto const& wants = *entries_[*inner];
  // A coroutine is outside of its object while it awaits.
  return holds.bound.run && holds.object == wants.object &&
         (holds.bound.access == access::exclusive || wants.bound.access == access::exclusive);
}

bool service_table::try_run_here(std::size_t method, invocation& what, outcome& out) {
  auto& called = *entries_.at(method);
  if (!called.bound.description.brief || !called.bound.run) return false;
  called.make_scope(what);
  if (called.gate && !called.gate->try_enter(called.bound.access, turn_of(what))) return false;
  called.calls.fetch_add(1, std::memory_order_relaxed);
  out.drop_result();
  out.error.reset();
  called.run(what, out);
  return true;
}

void service_table::start(std::size_t method, service_call_ptr call, compute_threads& on) {
  // Shared: a call may still run when its node has gone.
  auto const& called = entries_.at(method);
  called->make_scope(call->what);
  called->calls.fetch_add(1, std::memory_order_relaxed);

  if (called->bound.run_task) {
    auto ended = [called](service_call_ptr which) {
      called->finish(which->what, which->out);
      which.release()->ended();
    };
    return start_coroutine(called->bound, called->object, called->gate, std::move(call), on.executor(),
                           std::move(ended));
  }

  struct waiting_call final : instance_gate::waiter {
    waiting_call(service_call_ptr c, compute_threads& o) : call(std::move(c)), on(o) {}
    void admitted() noexcept override { on.post(std::move(call)); }
    service_call_ptr call;
    compute_threads& on;
  };
  call->called_ = called;
  if (!called->gate || called->gate->enter(called->bound.access, turn_of(call->what),
                                           [&] { return std::make_unique<waiting_call>(std::move(call), on); }))
    on.post(std::move(call));
}

void service_table::start(std::size_t method, invocation what, compute_threads& on, done_handler done) {
  struct handled_call final : service_call {
    explicit handled_call(done_handler handler) : done(std::move(handler)) {}
    void ended() noexcept override {
      std::unique_ptr<handled_call> const self(this);
      done(std::move(out));
    }
    void drop() noexcept override { delete this; }
    done_handler done;
  };
  service_call_ptr call(new handled_call(std::move(done)));
  call->what = std::move(what);
  start(method, std::move(call), on);
}

void service_call::run() noexcept {
  auto const called = std::move(called_);
  auto const* time = what.time;
  auto const began = time ? time->now() : time_point();
  called->run(what, out);
  if (time) out.running_us = running_microseconds(time->now() - began);
  ended();
}

service_table::call_counts service_table::counts(std::size_t method) const noexcept {
  auto const& of = *entries_[method];
  return {of.calls.load(std::memory_order_relaxed), of.failures.load(std::memory_order_relaxed)};
}

}  // namespace dist
