#include "call/peer_calls.hpp"

#include <utility>

namespace dist {

class peer_calls::relay final : public call_waiter {
 public:
  relay(lifetime<peer_calls>::weak to, std::uint64_t number) : to_(std::move(to)), number_(number) {}

  void on_reply(call_record const& call, call_reply const& reply) noexcept override {
    if (auto* const owner = to_.get()) owner->done(number_, call, reply);
  }

 private:
  lifetime<peer_calls>::weak to_;
  std::uint64_t number_;
};

peer_calls::peer_calls(std::shared_ptr<call_book> on, on_answer answer)
    : on_(std::move(on)), answer_(std::move(answer)) {}

peer_calls::~peer_calls() {
  self_.end();
  for (auto const& [number, call] : std::exchange(calls_, {})) on_->cancel(call);
}

bool peer_calls::start(std::uint64_t number, call_ptr call) {
  // The place is taken first: the call may end before this returns.
  if (!calls_.emplace(number, call).second) return false;
  on_->start(call);
  on_->await(call, std::make_unique<relay>(self_.ref(), number));
  return true;
}

void peer_calls::cancel(std::uint64_t number) {
  if (auto const call = find(number)) on_->cancel(call);
}

void peer_calls::cancel_all() {
  std::vector<call_ptr> calls;
  for (auto const& [number, call] : calls_) calls.push_back(call);
  for (auto& call : calls) on_->cancel(std::move(call));
}

call_ptr peer_calls::find(std::uint64_t number) const {
  auto const found = calls_.find(number);
  return found == calls_.end() ? nullptr : found->second;
}

void peer_calls::done(std::uint64_t number, call_record const& call, call_reply const& reply) {
  if (calls_.erase(number) > 0) answer_(number, call, reply);
}

}  // namespace dist
