#pragma once

#include <boost/test/unit_test.hpp>
#include <deque>
#include <dist/rpc/detail/compute_pool.hpp>
#include <dist/runtime/call_options.hpp>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "master/dispatcher.hpp"
#include "sim/world/memory_network.hpp"
#include "sim/world/seeded_entropy.hpp"
#include "sim/world/virtual_clock.hpp"
#include "support/progress_text.hpp"

namespace dist::test {

/// How a call ended.
struct outcome {
  bool ended = false;
  std::optional<fault> failed;
  std::string by;  ///< the node that answered
};

/// A node without a connection: it holds its calls until the test says what becomes of them.
class stage_node final : public member {
 public:
  struct attempt {
    placed_ptr call;
    call_id id;
    lease held;
    bool written = true;
    bool abandoned = false;
  };

  void send(placed_ptr const& call, lease held) override {
    call_id const here{++last_, 1};
    call->places.push_back({this, here});
    attempts.push_back({call, here, std::move(held)});
    sent.push_back(call->method->name);
  }
  void abandon(call_id here) override {
    for (auto& one : attempts)
      if (one.id == here) {
        one.held.abandon();
        one.abandoned = true;
      }
  }
  void beat() override {}
  void drain() override {}
  void close(std::string const& reason) noexcept override { closed = reason; }
  std::vector<under_way> in_flight() override {
    std::vector<under_way> calls;
    for (auto const& one : attempts) calls.push_back({one.call, one.id, one.written, false});
    return calls;
  }
  std::size_t in_flight_count() const noexcept override { return attempts.size(); }
  std::vector<call_ptr> nested_calls() override { return nested; }
  std::uint64_t received_bytes() const noexcept override { return 0; }
  std::uint64_t sent_bytes() const noexcept override { return 0; }
  bool repeatable(placed_call const& call) const override { return call.method->name == "Work.read"; }

  bool has(placed_ptr const& call) const {
    for (auto const& one : attempts)
      if (one.call.get() == call.get()) return true;
    return false;
  }
  attempt take(std::size_t index = 0) {
    auto one = std::move(attempts.at(index));
    attempts.erase(attempts.begin() + static_cast<std::ptrdiff_t>(index));
    return one;
  }

  std::deque<attempt> attempts;    ///< not answered
  std::vector<std::string> sent;   ///< methods, in order
  std::vector<call_ptr> nested;
  std::string closed;
  bool silent = false;  ///< nothing is heard of it

 private:
  std::uint32_t last_ = 0;
};

/// A dispatcher with nodes that do what the test says, in virtual time: the fate of calls, event by event.
class fate_stage {
 public:
  explicit fate_stage(registry_settings const& settings = {})
      : book(std::make_shared<call_book>(seams{io, clock, network, compute_, entropy_, log_}, limits())),
        calls(make_route<dispatcher>(book, settings)) {}
  ~fate_stage() {
    calls->stop();
    run_until_idle(io);
  }

  /// Each process has a number of its own. `process` 0: it does not tell.
  stage_node& add(std::string name, std::uint32_t slots, std::uint64_t process) {
    auto& node = *nodes.emplace_back(std::make_unique<stage_node>());
    node_info info;
    info.name = std::move(name);
    info.slots = slots;
    info.incarnation = process;
    for (auto const* method : {"Work.read", "Work.write"})
      info.methods.push_back({method, "", "", method == std::string_view("Work.read"), false});
    return let_in(node, std::move(info));
  }
  stage_node& add(std::string name, std::uint32_t slots = 1) { return add(std::move(name), slots, ++last_process_); }
  stage_node& add_supervised(std::string name) {
    auto& node = add(std::move(name));
    node.is_supervised = true;
    return node;
  }
  stage_node& add_go(std::string name, std::uint32_t slots = 1) {
    auto& node = *nodes.emplace_back(std::make_unique<stage_node>());
    node_info info;
    info.name = std::move(name);
    info.kind = node_kind::go;
    info.slots = slots;
    return let_in(node, std::move(info));
  }
  stage_node& let_in(stage_node& node, node_info info) {
    auto const in = calls->join(node, std::move(info));
    BOOST_REQUIRE(in);
    here_.insert(&node);
    calls->ready(*in);
    return node;
  }

  placed_ptr start(std::string method, call_options const& how = {}, outcome* into = nullptr,
                   std::optional<call_id> parent = {}) {
    auto const call = book->make_call();
    auto key = std::make_shared<method_key>();
    key->name = std::move(method);
    key->repeatable = key->name == "Work.read";
    call->method = key.get();
    call->own_method = std::move(key);
    call->set_options(how.sent());
    call->once = how.is_once();
    call->parent = parent;
    book->start(call);
    if (into) book->await(call, std::make_unique<waiter>(*into));
    run_until_idle(io);
    return placed_ptr(static_cast<placed_call*>(call.get()));
  }
  void cancel(placed_ptr const& call) {
    book->cancel(call);
    run_until_idle(io);
  }

  void answer(stage_node& by, std::size_t index = 0) {
    auto one = by.take(index);
    call_reply reply;
    reply.node = by.name;
    calls->answered(*one.call, one.id, reply, by, std::move(one.held));
    run_until_idle(io);
  }
  void refuse(stage_node& by, errc code, std::size_t index = 0) { refuse(by, make_fault(code, ""), index); }
  void refuse(stage_node& by, fault what, std::size_t index = 0) {
    auto one = by.take(index);
    calls->refused(*one.call, one.id, std::move(what), by, std::move(one.held));
    run_until_idle(io);
  }
  /// Arguments that the Go node cannot be told.
  void cannot_tell(stage_node& go) {
    auto what = make_fault(errc::bad_arguments, "a method of a Go node takes exactly one argument");
    what.may = remedy::elsewhere;
    refuse(go, std::move(what));
  }
  void leave(stage_node& node, dispatcher::departure how = dispatcher::departure::died) {
    here_.erase(&node);
    calls->leave(node, how, "its connection ended");
    node.attempts.clear();
    run_until_idle(io);
  }
  void goes_silent(stage_node& node) {
    node.silent = true;
    pass(std::chrono::seconds(4));
  }
  void heard(stage_node& node) {
    node.silent = false;
    calls->heard(node);
    run_until_idle(io);
  }
  /// The time goes on, and with it beats; nodes that are not silent are heard.
  void pass(duration time) {
    auto const until = clock.now() + time;
    while (clock.now() < until) {
      clock.advance_to(std::min(until, beat_at_));
      if (clock.now() == beat_at_) {
        beat_at_ += std::chrono::seconds(1);
        for (auto* node : std::set(here_))
          if (!node->silent) calls->heard(*node);
        calls->beat();
      }
      run_until_idle(io);
    }
  }
  /// The node that has calls; null where none has.
  stage_node* holder() const {
    for (auto const& node : nodes)
      if (here_.contains(node.get()) && !node->attempts.empty()) return node.get();
    return nullptr;
  }
  std::uint64_t issued_again(issue_cost cost) const {
    return calls->counted().issued_again[static_cast<std::size_t>(cost)];
  }

  asio::io_context io;
  virtual_clock clock;
  memory_network network;
  std::deque<std::unique_ptr<stage_node>> nodes;
  std::string logged;
  outcome got;  ///< of the call that a test is about; here, since what is left ends with the stage

 private:
  class waiter final : public call_waiter {
   public:
    explicit waiter(outcome& into) : into_(into) {}
    void on_reply(call_record const&, call_reply const& reply) noexcept override {
      into_.ended = true;
      if (reply.failed) into_.failed = *reply.failed;
      into_.by = reply.node;
    }

   private:
    outcome& into_;
  };

  seeded_entropy entropy_;
  inline_compute compute_{io, 1};
  dist::log log_{log_level::debug, [this](log_level, std::string_view line) { logged.append(line).push_back('\n'); }};
  std::set<stage_node*> here_;
  std::uint64_t last_process_ = 100;
  time_point beat_at_ = clock.now() + std::chrono::seconds(1);

 public:
  std::shared_ptr<call_book> book;
  std::shared_ptr<dispatcher> calls;
};

}  // namespace dist::test
