#include "service/coroutine_call.hpp"

#include "service/method_fault.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/co_spawn.hpp>

#include <exception>

namespace dist {
namespace {

class coroutine_call final : public coroutine_lane {
 public:
  coroutine_call(bound_method const& bound, std::shared_ptr<void> object, std::shared_ptr<instance_gate> gate,
                 service_call_ptr call, asio::any_io_executor pool, coroutine_ended ended)
      : coroutine_lane(std::move(pool), std::move(gate), bound.access, turn_of(call->what)),
        bound_(bound),
        object_(std::move(object)),
        call_(std::move(call)),
        ended_(std::move(ended)) {}

  static void start(std::shared_ptr<coroutine_call> const& self) {
    auto const scope = self->call_->what.scope;
    // The call owns itself through its completion handler until the coroutine has ended.
    asio::co_spawn(asio::any_io_executor(lane_executor(self)), run(self.get()),
                   asio::bind_cancellation_slot(
                       self->signal_.slot(), [self](std::exception_ptr thrown) noexcept { self->finished(thrown); }));
    // Behind it: co_spawn arms the slot on this thread, and a scope that is cancelled already emits at once on another.
    if (scope)
      scope->on_cancel([call = std::weak_ptr<coroutine_call>(self)] {
        // The signal belongs to the coroutine's strand; the call is kept until it has been emitted.
        if (auto const alive = call.lock())
          asio::post(lane_executor(alive), [alive] { alive->signal_.emit(asio::cancellation_type::terminal); });
      });
  }

 private:
  static task<void> run(coroutine_call* self) {
    if (auto* const scope = self->call_->what.scope.get(); scope && (scope->cancelled() || !scope->try_begin()))
      co_return;
    self->began_ = true;
    if (auto* const watch = self->call_->what.watch)
      self->seen_ = watch->begins(self->bound_.description.name, self->call_->what);
    auto method = self->bound_.run_task(self->object_.get(), self->call_->what, self->call_->out);
    co_await std::move(method);
  }

  void finished(std::exception_ptr const& thrown) noexcept {
    if (call_->what.scope) call_->what.scope->on_cancel({});
    if (began_ && call_->what.watch) call_->what.watch->ends(seen_);
    // A signal that was emitted before the first piece ends the coroutine without run() having begun.
    if (!began_)
      call_->out.error = cancelled_before_start();
    else if (thrown)
      call_->out.error = fault_of_exception(thrown, call_->what.scope.get());
    end();
  }

  void left() noexcept override { ended_(std::move(call_)); }

  bound_method const& bound_;
  std::shared_ptr<void> object_;
  service_call_ptr call_;
  coroutine_ended ended_;
  asio::cancellation_signal signal_;
  bool began_ = false;
  std::size_t seen_ = 0;  ///< by its watch
};

}  // namespace

void start_coroutine(bound_method const& bound, std::shared_ptr<void> object, std::shared_ptr<instance_gate> gate,
                     service_call_ptr call, asio::any_io_executor pool, coroutine_ended ended) {
  coroutine_call::start(std::make_shared<coroutine_call>(bound, std::move(object), std::move(gate), std::move(call),
                                                         std::move(pool), std::move(ended)));
}

}  // namespace dist
