#pragma once

#include <cstddef>
#include <deque>
#include <dist/rpc/event.hpp>
#include <dist/runtime/cluster.hpp>
#include <dist/runtime/fan_out.hpp>
#include <dist/runtime/go.hpp>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

namespace dist {

/// The calls of one fan-out that are under way and the results that wait to be taken, in order or as they come. Lives
/// in the coroutine that spreads the calls, on the I/O thread; when it goes, its calls are cancelled.
template <class R>
class shards {
 public:
  shards(cluster on, fan_out const& how)
      : on_(std::move(on)),
        window_(how.window_count()),
        reorder_bytes_(how.reorder_bytes()),
        in_order_(how.is_in_order()),
        options_(how.options()),
        self_(std::make_shared<shards*>(this)) {}
  shards(shards const&) = delete;
  shards& operator=(shards const&) = delete;
  ~shards() {
    *self_ = nullptr;
    for (auto const& [number, call] : running_) on_.caller().cancel(call);
  }

  bool has_room() const noexcept {
    // The oldest shard may always run: it is what the others wait for.
    return running_.size() < window_ && (waiting_bytes_ < reorder_bytes_ || running_.empty());
  }
  /// Whether no more are started because too much waits for an earlier one.
  bool is_held_up() const noexcept { return running_.size() < window_ && !has_room(); }
  std::size_t waiting_bytes() const noexcept { return waiting_bytes_; }
  bool has_result() const noexcept { return next_result() != nullptr; }
  /// What the first call that failed failed with, even while earlier ones run; null if none did.
  fault const* first_fault() const noexcept { return first_fault_ ? &*first_fault_ : nullptr; }
  bool is_idle() const noexcept { return running_.empty() && !has_result(); }

  call_ptr make(method_key const& method) const { return on_.make_call(method, options_); }
  void start(call_ptr call) {
    auto const number = started_++;
    if (in_order_) results_.emplace_back();
    running_.emplace(number, call);
    on_.caller().start(call);
    on_.caller().await(call, std::make_unique<waiter>(self_, number));
  }

  struct outcome {
    std::size_t number;  ///< of the input
    result<R> value;
  };
  /// The next result; nothing when it is not there yet.
  std::optional<outcome> take() {
    auto* const next = next_result();
    if (!next) return std::nullopt;
    auto taken = std::move(**next);
    results_.pop_front();
    ++taken_;
    waiting_bytes_ -= taken.bytes;
    return outcome{taken.number, std::move(taken.value)};
  }
  /// Completes when something has changed since the last time.
  task<void> changed() { return changed_.wait(); }

 private:
  struct kept {
    std::size_t number;
    std::size_t bytes;
    result<R> value;
  };

  class waiter final : public call_waiter {
   public:
    waiter(std::shared_ptr<shards*> to, std::size_t number) : to_(std::move(to)), number_(number) {}
    void on_reply(call_record const& call, call_reply const& reply) noexcept override {
      if (auto* const owner = *to_) owner->came(number_, call, reply);
    }

   private:
    std::shared_ptr<shards*> to_;
    std::size_t number_;
  };

  void came(std::size_t number, call_record const& call, call_reply const& reply) {
    kept one{number, reply.bytes.size(), read_reply<R>(call, reply, on_.caller().bounds().depth)};
    waiting_bytes_ += one.bytes;
    if (one.value.has_error() && !first_fault_) first_fault_ = one.value.error();
    running_.erase(number);
    if (in_order_)
      results_[number - taken_] = std::move(one);
    else
      results_.push_back(std::move(one));
    changed_.set();
  }

  std::optional<kept>* next_result() noexcept { return results_.empty() || !results_.front() ? nullptr : &results_.front(); }
  std::optional<kept> const* next_result() const noexcept {
    return results_.empty() || !results_.front() ? nullptr : &results_.front();
  }

  cluster on_;
  std::size_t window_;
  std::size_t reorder_bytes_;
  bool in_order_;
  call_options options_;
  std::shared_ptr<shards*> self_;
  std::size_t started_ = 0;
  std::size_t taken_ = 0;
  std::unordered_map<std::size_t, call_ptr> running_;
  std::deque<std::optional<kept>> results_;  ///< in order: from the oldest that was not taken, with gaps
  std::size_t waiting_bytes_ = 0;
  std::optional<fault> first_fault_;
  event changed_;
};

}  // namespace dist
