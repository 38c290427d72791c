#include <dist/runtime/detail/started_calls.hpp>

#include <dist/runtime/all.hpp>

namespace dist {

class started_calls::waiter final : public call_waiter {
 public:
  waiter(std::weak_ptr<arrivals> to, std::shared_ptr<call_book> home, bool is_at_home, std::size_t number)
      : to_(std::move(to)), home_(std::move(home)), is_at_home_(is_at_home), number_(number) {}

  void on_reply(call_record const& call, call_reply const& reply) noexcept override {
    // The record is not ours to change: it is kept for its method's name.
    auto one = std::make_shared<ended>(
        ended{number_, call_ptr(const_cast<call_record*>(&call)), kept_reply(*call.method, reply), home_->bounds().depth});
    auto arrive = [to = to_, one] {
      auto const alive = to.lock();
      if (!alive) return;
      alive->waiting.push_back(std::move(*one));
      alive->came.set();
    };
    if (is_at_home_)
      arrive();
    else
      home_->run_on_io_thread(std::move(arrive));
  }

 private:
  std::weak_ptr<arrivals> to_;
  std::shared_ptr<call_book> home_;
  bool is_at_home_;
  std::size_t number_;
};

started_calls::started_calls(std::shared_ptr<call_book> home)
    : home_(std::move(home)), arrivals_(std::make_shared<arrivals>()) {}

started_calls::~started_calls() = default;

void started_calls::add(std::shared_ptr<call_book> calls, call_ptr call) {
  auto const number = added_++;
  if (!calls) {
    auto const gone = make_fault(errc::stopped, "the cluster was stopped");
    kept_reply reply(*call->method, call_reply::of(gone));
    arrivals_->waiting.push_back({number, std::move(call), std::move(reply), home_->bounds().depth});
    return;
  }
  auto made = std::make_unique<waiter>(arrivals_, home_, calls == home_, number);
  calls->await(std::move(call), std::move(made));
}

task<started_calls::ended> started_calls::next() {
  while (arrivals_->waiting.empty()) co_await arrivals_->came.wait();
  auto one = std::move(arrivals_->waiting.front());
  arrivals_->waiting.pop_front();
  ++taken_;
  co_return one;
}

namespace {

task<void> all_ended_here(std::vector<pending<void>> calls, std::shared_ptr<call_book> home) {
  started_calls started(std::move(home));
  for (auto const& one : calls) started.add(one.shared_caller(), one.record());
  auto take = [](started_calls::ended const&) {};
  co_await wait_for_all(started, std::vector<bool>(calls.size(), false), take);
}

}  // namespace

task<void> all(std::vector<pending<void>> calls) {
  if (calls.empty()) co_return;
  auto const home = home_of(calls);
  auto work = all_ended_here(std::move(calls), home);
  co_await run_on(home->get_executor(), std::move(work));
}

}  // namespace dist
