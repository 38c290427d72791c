#include <dist/rpc/detail/context_seams.hpp>

#include <asio/execution/context.hpp>
#include <asio/query.hpp>
#include <stdexcept>
#include <string>

namespace dist {

asio::execution_context::id context_seams::id;

context_seams& context_seams::of(asio::any_io_executor const& executor) {
  return asio::use_service<context_seams>(asio::query(executor, asio::execution::context));
}

context_seams::known context_seams::get(asio::any_io_executor const& executor, char const* what) {
  auto& here = of(executor);
  std::lock_guard const lock(here.mutex_);
  if (here.entries_.empty())
    throw std::logic_error(std::string(what) + ": no cluster belongs to this coroutine's executor; await it in a job or a method");
  return here.entries_.back().seams;
}

void context_seams::add(void const* owner, known seams) {
  std::lock_guard const lock(mutex_);
  entries_.push_back({owner, seams});
}

void context_seams::forget(void const* owner) noexcept {
  std::lock_guard const lock(mutex_);
  std::erase_if(entries_, [owner](entry const& one) { return one.owner == owner; });
}

}  // namespace dist
