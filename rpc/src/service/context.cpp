#include <dist/rpc/context.hpp>

#include <dist/rpc/fault.hpp>

#include <utility>

namespace dist {

call_scope::call_scope(std::shared_ptr<names const> of, dist::deadline until)
    : names_(std::move(of)), deadline_(until) {}

call_scope::call_scope(std::string method, std::string node, dist::deadline until)
    : call_scope(std::make_shared<names const>(names{std::move(method), std::move(node)}), until) {}

call_scope::~call_scope() = default;

void call_scope::cancel() noexcept {
  // The flag is raised under the lock so that a hook set at the same moment runs exactly once.
  std::lock_guard const lock(mutex_);
  if (cancelled_.exchange(true, std::memory_order_acq_rel)) return;
  if (auto hook = std::exchange(hook_, nullptr)) hook();
}

void call_scope::on_cancel(std::function<void()> hook) {
  std::lock_guard const lock(mutex_);
  hook_ = nullptr;
  if (!hook) return;
  if (cancelled()) return hook();
  hook_ = std::move(hook);
}

void context::throw_if_cancelled() const {
  if (!cancelled()) return;
  auto what = make_fault(errc::cancelled, "the method saw that its call was cancelled");
  what.method = method();
  what.node = node();
  what.known = progress::executed;
  throw call_error(std::move(what));
}

}  // namespace dist
