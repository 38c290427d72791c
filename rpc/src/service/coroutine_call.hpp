#pragma once

#include "service/instance_gate.hpp"

#include <dist/rpc/service.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/post.hpp>
#include <asio/strand.hpp>

#include <memory>
#include <utility>

namespace dist {

/// The pieces of one coroutine between its awaits: one at a time on its strand, and each inside its object's gate.
class coroutine_lane {
 public:
  using strand_type = asio::strand<asio::any_io_executor>;

  /// `gate` is null where all methods of the object are const. `when` holds for each piece: one that resumes may be what
  /// a method waits for that is inside the gate.
  coroutine_lane(asio::any_io_executor pool, std::shared_ptr<instance_gate> gate, access how, turn when)
      : strand_(std::move(pool)), gate_(std::move(gate)), how_(how), when_(when) {}
  virtual ~coroutine_lane() = default;

  strand_type const& strand() const noexcept { return strand_; }

  /// On the strand: runs `piece` now if the object is free, else once it is.
  template <class F>
  static void run(std::shared_ptr<coroutine_lane> const& lane, F& piece) {
    // A piece that is dispatched from inside another one of this lane: the object is ours already.
    if (lane->inside_ || !lane->gate_) return lane->run_unguarded(piece);
    if (lane->gate_->enter(lane->how_, lane->when_,
                           [&] { return std::make_unique<waiting_piece<F>>(lane, std::move(piece)); }))
      lane->run_inside(piece);
  }

 protected:
  /// After the piece in which the coroutine ended, when its object is free again.
  virtual void left() noexcept = 0;

  void end() noexcept { ended_ = true; }

 private:
  template <class F>
  struct waiting_piece final : instance_gate::waiter {
    waiting_piece(std::shared_ptr<coroutine_lane> l, F&& p) : lane(std::move(l)), piece(std::move(p)) {}
    void admitted() noexcept override {
      // Posted, never dispatched: admitted() runs inside the call that left the gate.
      auto const strand = lane->strand_;
      asio::post(strand, [l = std::move(lane), p = std::move(piece)]() mutable { l->run_inside(p); });
    }
    std::shared_ptr<coroutine_lane> lane;
    F piece;
  };

  template <class F>
  void run_inside(F& piece) {
    struct leave_gate {
      coroutine_lane& lane;
      ~leave_gate() {
        lane.inside_ = false;
        lane.gate_->leave(lane.how_);
        lane.notify_end();
      }
    } const guard{*this};
    inside_ = true;
    std::move(piece)();
  }

  template <class F>
  void run_unguarded(F& piece) {
    std::move(piece)();
    if (!inside_) notify_end();
  }

  void notify_end() noexcept {
    if (std::exchange(ended_, false)) left();
  }

  strand_type strand_;
  std::shared_ptr<instance_gate> gate_;
  access how_;
  turn when_;
  bool inside_ = false;  ///< used on the strand alone, as is ended_
  bool ended_ = false;
};

/// The executor of a coroutine method: it runs everything through the lane.
class lane_executor {
 public:
  explicit lane_executor(std::shared_ptr<coroutine_lane> lane) : inner_(lane->strand()), lane_(std::move(lane)) {}

  template <class F>
  void execute(F&& f) const {
    inner_.execute(
        [lane = lane_, piece = std::decay_t<F>(std::forward<F>(f))]() mutable { coroutine_lane::run(lane, piece); });
  }

  template <class Property>
  requires asio::can_query_v<coroutine_lane::strand_type const&, Property>
  decltype(auto) query(Property const& property) const { return asio::query(inner_, property); }
  template <class Property>
  requires asio::can_require_v<coroutine_lane::strand_type const&, Property> lane_executor
  require(Property const& property)
  const { return lane_executor(asio::require(inner_, property), lane_); }
  template <class Property>
  requires asio::can_prefer_v<coroutine_lane::strand_type const&, Property> lane_executor
  prefer(Property const& property)
  const { return lane_executor(asio::prefer(inner_, property), lane_); }

  friend bool operator==(lane_executor const& a, lane_executor const& b) noexcept {
    return a.lane_ == b.lane_ && a.inner_ == b.inner_;
  }
  friend bool operator!=(lane_executor const& a, lane_executor const& b) noexcept { return !(a == b); }

 private:
  lane_executor(coroutine_lane::strand_type inner, std::shared_ptr<coroutine_lane> lane)
      : inner_(std::move(inner)), lane_(std::move(lane)) {}

  coroutine_lane::strand_type inner_;
  std::shared_ptr<coroutine_lane> lane_;
};

using coroutine_ended = std::function<void(service_call_ptr call)>;

/// Starts the coroutine method `bound` of `object`; `ended` gets the call back with its result.
void start_coroutine(bound_method const& bound, std::shared_ptr<void> object, std::shared_ptr<instance_gate> gate,
                     service_call_ptr call, asio::any_io_executor pool, coroutine_ended ended);

}  // namespace dist
