#pragma once

#include <cstddef>
#include <cstdint>
#include <dist/rpc/detail/call_id.hpp>
#include <dist/rpc/detail/call_no.hpp>
#include <memory>
#include <vector>

#include "ledger/attempts.hpp"
#include "ledger/ledger_call.hpp"

namespace dist {

/// The live calls, by the numbers that the call book gave them. Those that an attempt has made and waits for are its
/// children, in a list of its own.
class ledger_calls {
 public:
  ledger_call& open(call_no number) {
    while (chunks_.size() * chunk_size <= number.index) chunks_.push_back(std::make_unique<ledger_call[]>(chunk_size));
    auto& call = *at(number.index);
    call.number = number;
    ++size_;
    return call;
  }
  /// Its place is as new.
  void close(ledger_call& call) noexcept {
    std::destroy_at(&call);
    std::construct_at(&call);
    --size_;
  }
  /// Null: it was forgotten.
  ledger_call* find(call_no number) noexcept {
    if (number.index >= chunks_.size() * chunk_size) return nullptr;
    auto* call = at(number.index);
    return number.generation != 0 && call->number == number ? call : nullptr;
  }
  ledger_call const* find(call_no number) const noexcept { return const_cast<ledger_calls*>(this)->find(number); }
  ledger_call* at(std::uint32_t index) noexcept { return &chunks_[index / chunk_size][index % chunk_size]; }
  std::size_t size() const noexcept { return size_; }

  /// True for the parent's only child.
  bool add_child(call_id id, attempt& parent, ledger_call& call) noexcept {
    call.parent = id;
    call.next = parent.first_child;
    if (call.next != ~0U) at(call.next)->previous = call.number.index;
    parent.first_child = call.number.index;
    return ++parent.nested == 1;
  }
  /// True for the parent's last child.
  bool remove_child(attempt& parent, ledger_call& call) noexcept {
    if (call.previous != ~0U)
      at(call.previous)->next = call.next;
    else
      parent.first_child = call.next;
    if (call.next != ~0U) at(call.next)->previous = call.previous;
    return --parent.nested == 0;
  }
  /// Its children go on without it.
  void leave_children(attempt const& parent) noexcept {
    for (auto child = parent.first_child; child != ~0U;) {
      auto& call = *at(child);
      child = call.next;
      call.parent = {};
      call.previous = call.next = ~0U;
    }
  }
  template <class Visit>
  void each_child(attempt const& parent, Visit&& visit) {
    for (auto child = parent.first_child; child != ~0U; child = at(child)->next) visit(*at(child));
  }

 private:
  static constexpr std::size_t chunk_size = 64;  ///< calls that are kept together, and never move

  std::vector<std::unique_ptr<ledger_call[]>> chunks_;
  std::size_t size_ = 0;
};

}  // namespace dist
