// What many nodes and calls cost a master: the real dispatcher and registry, with nodes that only hold calls. Prints
// one line per operation: its name, how often it ran, and the processor time of each in nanoseconds. Under callgrind
// the same in instructions: the functions named measured_... are counted.
#include <algorithm>
#include <asio/post.hpp>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <dist/runtime/system_world.hpp>
#include <iostream>
#include <numeric>
#include <random>

#include "master/dispatcher.hpp"  // of runtime: the master from inside

namespace {

using dist::dispatcher;

/// A node that holds its calls until it is told to answer one.
class idle_node final : public dist::node_link {
 public:
  std::uint64_t send(dist::call_id attempt, dist::placed_call&, dist::time_point,
                     std::optional<dist::fault>&) override {
    held_.push_back(attempt);
    return ++sent_;
  }
  void cancel(dist::call_id, std::uint32_t) override {}
  void beat(std::size_t) override { ++beats; }
  void drain() override {}
  void close(std::string const&) noexcept override {}
  std::uint64_t written() const noexcept override { return sent_; }
  std::uint64_t received_bytes() const noexcept override { return 0; }
  std::uint64_t sent_bytes() const noexcept override { return 0; }

  bool answer(dispatcher& to) {
    if (held_.empty()) return false;
    auto const one = held_.front();
    held_.pop_front();
    to.answered(one, *this, dist::call_reply());
    return true;
  }

  std::uint64_t beats = 0;

 private:
  std::deque<dist::call_id> held_;
  std::uint64_t sent_ = 0;
};

constexpr std::uint32_t slots = 2;
constexpr std::size_t methods = 8;

class master {
 public:
  master(dist::seams const& world, std::size_t nodes, std::size_t calls)
      : book_(std::make_shared<dist::call_book>(world, dist::limits())),
        calls_(dist::make_route<dispatcher>(book_, settings(calls))),
        chance_(nodes) {
    for (std::size_t i = 0; i < methods; ++i) keys_.push_back({"Work.m" + std::to_string(i), true, nullptr});
    for (std::size_t i = 0; i < nodes; ++i) join(nodes_.emplace_back());
    // First all slots are busy, then this many calls wait.
    for (std::size_t i = 0; i < nodes * slots + calls; ++i) start();
    if (calls_->nodes().counts().queued != calls) throw std::logic_error("not as many calls wait as were wanted");
    order_.resize(nodes);
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::ranges::shuffle(order_, chance_);
  }
  ~master() {
    calls_->stop();
    for (auto& node : nodes_) calls_->leave(node, dist::departure::left, "the end");
  }

  void join(idle_node& node) {
    dist::node_info info;
    info.name = "node" + std::to_string(++joined_);
    info.slots = slots;
    info.incarnation = joined_;
    info.labels = {{"room", std::to_string(joined_ % 4)}};  // to form several classes
    for (auto const& key : keys_) info.methods.push_back({key.name, "tuple<>", "null", true, false});
    auto const in = calls_->join(node, std::move(info));
    calls_->ready(*in);
  }
  dist::call_ptr start() {
    auto call = book_->make_call();
    call->method = &keys_[++started_ % methods];
    book_->start(call);
    return call;
  }
  idle_node& some_node() { return nodes_[order_[++turn_ % order_.size()]]; }
  void answer_one() { some_node().answer(*calls_); }

  dist::call_book& book() noexcept { return *book_; }
  dispatcher& calls() noexcept { return *calls_; }
  std::deque<idle_node>& nodes() noexcept { return nodes_; }

 private:
  static dist::registry_settings settings(std::size_t calls) {
    dist::registry_settings made;
    made.queue.count = 2 * calls + 1'000'000;
    return made;
  }

  std::shared_ptr<dist::call_book> book_;
  std::shared_ptr<dispatcher> calls_;
  std::deque<idle_node> nodes_;
  std::deque<dist::method_key> keys_;
  std::vector<std::size_t> order_;
  std::mt19937_64 chance_;
  std::uint64_t joined_ = 0;
  std::uint64_t started_ = 0;
  std::size_t turn_ = 0;
};

[[gnu::noinline]] void measured_frame(master& on, std::size_t count) {
  for (; count > 0; --count) on.calls().heard(on.some_node());
}
[[gnu::noinline]] void measured_beat(master& on) { on.calls().beat(); }
[[gnu::noinline]] void measured_join(master& on, std::deque<idle_node>& guests) {
  for (auto& guest : guests) on.join(guest);
}
[[gnu::noinline]] void measured_leave(master& on, std::deque<idle_node>& guests) {
  for (auto& guest : guests) on.calls().leave(guest, dist::departure::left, "drained");
}
[[gnu::noinline]] void measured_queue(master& on, std::vector<dist::call_ptr>& calls) {
  for (auto& call : calls) call = on.start();
}
[[gnu::noinline]] void measured_withdraw(master& on, std::vector<dist::call_ptr>& calls) {
  for (auto& call : calls) on.book().cancel(call);
}
/// A call ends, and the most urgent waiting call goes to the slot.
[[gnu::noinline]] void measured_completion(master& on, std::size_t count) {
  for (; count > 0; --count) on.answer_one();
}
/// A call ends, and no call waits for its slot.
[[gnu::noinline]] void measured_release(master& on, std::size_t count) {
  for (; count > 0; --count) on.answer_one();
}
/// No call waits, and a node is chosen among those that are free.
[[gnu::noinline]] void measured_pick(master& on, std::size_t count) {
  for (; count > 0; --count) on.start();
}

class table {
  static double nanoseconds() {
    timespec used{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return 1e9 * static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec);
  }

 public:
  template <class Work>
  void measure(char const* name, std::size_t count, Work&& work) {
    auto const before = nanoseconds();
    work();
    std::cout << name << ' ' << count << ' ' << (nanoseconds() - before) / static_cast<double>(count) << '\n';
  }
};

void run(dist::seams const& world, std::size_t nodes, std::size_t calls, std::size_t count) {
  table out;
  {
    master on(world, nodes, calls);
    out.measure("frame", count, [&] { measured_frame(on, count); });
    auto const beats = std::max<std::size_t>(1, count / nodes);
    out.measure("beat", beats * nodes, [&] {
      for (std::size_t i = 0; i < beats; ++i) measured_beat(on);
    });
    std::deque<idle_node> guests(std::max<std::size_t>(1, std::min(count / 4, nodes / 5)));
    out.measure("join", guests.size(), [&] { measured_join(on, guests); });
    for (auto& guest : guests) {
      on.calls().drain(guest);
      while (guest.answer(on.calls())) {
      }
    }
    out.measure("leave", guests.size(), [&] { measured_leave(on, guests); });
    std::vector<dist::call_ptr> started(count);
    out.measure("queue", count, [&] { measured_queue(on, started); });
    out.measure("withdraw", count, [&] { measured_withdraw(on, started); });
    // So few that other calls still wait.
    auto const ends = std::min(count, calls / 5);
    out.measure("completion", ends, [&] { measured_completion(on, ends); });
  }
  // Half of the slots are free.
  master on(world, nodes, 0);
  auto const free = std::min(count, nodes * slots / 2);
  out.measure("release", free, [&] { measured_release(on, free); });
  out.measure("pick", free, [&] { measured_pick(on, free); });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: scale NODES CALLS COUNT\n";
    return 2;
  }
  auto const number = [&](int i) { return static_cast<std::size_t>(std::strtoull(argv[i], nullptr, 10)); };
  dist::system_world world(0, dist::log(dist::log_level::error));
  asio::post(world.io(), [&] { run(world, number(1), number(2), number(3)); });
  world.io().run();
}
