#pragma once

#include <dist/runtime/detail/caller.hpp>

namespace dist::test {

/// Answers no call by itself.
class silent_caller final : public caller {
 public:
  using caller::caller;
  using caller::fail;
  using caller::finish;
  call_ptr make_call() override { return new call_record; }
  std::shared_ptr<void> when_nodes(std::size_t, nodes_waiter) override { return {}; }
  call_ptr list_nodes(call_record const&, nodes_taker) override { return {}; }
  std::string account_text() const override { return {}; }
  void dispatch(call_ptr const& call) override {
    ++dispatched;
    last = call;
  }
  abandoned abandon(call_record&) override { return {}; }
  void ended(call_record&, call_reply const&) noexcept override {}
  void stop() {
    last.reset();
    stop_calls();
  }

  std::size_t dispatched = 0;
  call_ptr last;
};

}  // namespace dist::test
