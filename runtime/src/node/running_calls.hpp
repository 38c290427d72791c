#pragma once

#include <dist/rpc/clock.hpp>
#include <dist/rpc/context.hpp>
#include <dist/rpc/detail/call_id.hpp>
#include <dist/rpc/detail/codec.hpp>
#include <dist/rpc/detail/freelist.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "call/peer_calls.hpp"

namespace dist {

/// The calls that a node has accepted in one session and not answered.
class running_calls {
 public:
  struct entry {
    codec as;  ///< of the answer
    std::shared_ptr<call_scope> scope;
    bool coroutine = false;
    timer_id kill_timer = timer_id::none;
    bool doomed = false;  ///< ends with the process, and is not waited for
  };

  /// False: the id is in use.
  bool add(call_id id, entry call) {
    auto const coroutine = call.coroutine;
    if (!calls_.emplace(to_number(id), std::move(call)).second) return false;
    coroutines_ += coroutine;
    return true;
  }
  /// Null: it is not here. Valid until the call is taken.
  entry* find(call_id id) noexcept {
    auto const found = calls_.find(to_number(id));
    return found == calls_.end() ? nullptr : &found->second;
  }
  entry const* find(call_id id) const noexcept { return const_cast<running_calls*>(this)->find(id); }
  std::optional<entry> take(call_id id) noexcept {
    auto const found = calls_.find(to_number(id));
    if (found == calls_.end()) return std::nullopt;
    std::optional<entry> call(std::move(found->second));
    calls_.erase(found);
    coroutines_ -= call->coroutine;
    doomed_ -= call->doomed;
    return call;
  }
  void doom(entry& call) noexcept { doomed_ += !std::exchange(call.doomed, true); }
  /// Calls that have not started: now they never will. The caller is to refuse and take() them.
  std::vector<call_id> withdraw_waiting() {
    std::vector<call_id> ids;
    for (auto const& [number, call] : calls_)
      if (call.scope->try_withdraw()) ids.push_back(to_call_id(number));
    return ids;
  }
  template <class Visit>
  void each(Visit&& visit) {
    for (auto& [number, call] : calls_) visit(call);
  }
  void clear() noexcept {
    calls_.clear();
    coroutines_ = doomed_ = 0;
  }

  std::size_t size() const noexcept { return calls_.size(); }
  std::size_t coroutines() const noexcept { return coroutines_; }
  /// Whose answers the master is to get.
  std::size_t awaited() const noexcept { return calls_.size() - doomed_; }

 private:
  std::unordered_map<std::uint64_t, entry, std::hash<std::uint64_t>, std::equal_to<>,
                     freelist_allocator<std::pair<std::uint64_t const, entry>>>
      calls_;
  std::size_t coroutines_ = 0;
  std::size_t doomed_ = 0;
};

}  // namespace dist
