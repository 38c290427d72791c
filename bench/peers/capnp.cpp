// Cap'n Proto two-party RPC, one event-loop thread on each side.
//
//   capnp server PORT
//   capnp client WORKLOAD PORTS
#include <capnp/ez-rpc.h>
#include <capnp/message.h>

#include <memory>

#include "bench.capnp.h"
#include "bench.hpp"

namespace {
using namespace bench;

capnp::ReaderOptions big() {
  capnp::ReaderOptions o;
  o.traversalLimitInWords = 1ull << 40;  // the bulk calls exceed the default
  return o;
}

struct Impl final : Bench::Server {
  kj::Promise<void> sum(SumContext c) override {
    auto p = c.getParams();
    c.getResults().setV(sum3(p.getA(), p.getB(), p.getC()));
    return kj::READY_NOW;
  }
  kj::Promise<void> count(CountContext c) override {
    auto p = c.getParams();
    c.getResults().setV(count_palindromes(p.getStart(), p.getEnd()));
    return kj::READY_NOW;
  }
  // The list lies in the message as plain doubles; eight lanes as elsewhere.
  kj::Promise<void> sumVec(SumVecContext c) override {
    auto v = c.getParams().getV();
    const uint n = v.size();
    double s[8] = {};
    uint i = 0;
    for (; i + 8 <= n; i += 8)
      for (uint k = 0; k < 8; ++k) s[k] += v[i + k];
    for (; i < n; ++i) s[i & 7] += v[i];
    c.getResults().setV(((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7])));
    return kj::READY_NOW;
  }
  kj::Promise<void> echoVec(EchoVecContext c) override {
    auto v = c.getParams().getV();
    c.getResults(capnp::MessageSize{v.size() + 64, 0}).setV(v);
    return kj::READY_NOW;
  }
};

struct Node {
  capnp::EzRpcClient ez;
  Bench::Client cap;
  explicit Node(int port) : ez("127.0.0.1", static_cast<uint>(port), big()), cap(ez.getMain<Bench>()) {}
};

void fill(capnp::List<double>::Builder l, const std::vector<double>& v) {
  for (uint i = 0; i < l.size(); ++i) l.set(i, v[i]);
}

struct W2 {
  Bench::Client& cap;
  Pipeline p;
  kj::Own<kj::PromiseFulfiller<void>> all;
  W2(Bench::Client& c, int window) : cap(c), p(window) {}
  kj::Promise<void> one() {
    int64_t i = p.next();
    if (i < 0) return kj::READY_NOW;
    auto r = cap.sumRequest(capnp::MessageSize{16, 0});
    int64_t a, b, c;
    args_for(static_cast<uint64_t>(i), a, b, c);
    r.setA(a);
    r.setB(b);
    r.setC(c);
    return r.send().then([this, i](auto&& res) {
      p.done(static_cast<uint64_t>(i), res.getV());
      if (p.drained()) all->fulfill();
    });
  }
  // A chain per slot would grow without end; a task set does not.
  struct Set final : kj::TaskSet::ErrorHandler {
    void taskFailed(kj::Exception&& e) override {
      std::fprintf(stderr, "%s\n", e.getDescription().cStr());
      die("rpc failed");
    }
  } errors;
  kj::TaskSet tasks{errors};
  void slot() {
    if (p.stopped()) return;
    tasks.add(one().then([this] { slot(); }));
  }
  void run(kj::WaitScope& ws) {
    auto paf = kj::newPromiseAndFulfiller<void>();
    all = kj::mv(paf.fulfiller);
    for (int i = 0; i < p.window(); ++i) slot();
    paf.promise.wait(ws);
    p.finish();
  }
};
}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) die("usage: capnp server PORT | capnp client WORKLOAD PORTS");
  if (std::string(argv[1]) == "server") {
    capnp::EzRpcServer s(kj::heap<Impl>(), "127.0.0.1", static_cast<uint>(std::atoi(argv[2])), big());
    s.getPort().wait(s.getWaitScope());
    ready();
    kj::NEVER_DONE.wait(s.getWaitScope());
  }
  Cli cli(argc - 1, argv + 1);
  std::vector<std::unique_ptr<Node>> nodes;
  for (int p : cli.ports) nodes.push_back(std::make_unique<Node>(p));
  auto& ws = nodes[0]->ez.getWaitScope();
  auto& cap = nodes[0]->cap;
  if (cli.is("w1")) {
    run_w1([&](int64_t a, int64_t b, int64_t c) {
      auto r = cap.sumRequest(capnp::MessageSize{16, 0});
      r.setA(a);
      r.setB(b);
      r.setC(c);
      return r.send().wait(ws).getV();
    });
  } else if (cli.is("w2")) {
    W2 w(cap, cli.window);
    w.run(ws);
  } else if (cli.is("w3sum")) {
    run_w3_sum([&](const std::vector<double>& v) {
      auto r = cap.sumVecRequest(capnp::MessageSize{v.size() + 64, 0});
      fill(r.initV(static_cast<uint>(v.size())), v);
      return r.send().wait(ws).getV();
    });
  } else if (cli.is("w3echo")) {
    // The answer is read in place from the message; copying it out is not
    // part of the call, so the check (untimed) walks the list.
    auto v = make_vector();
    double busy = 0;
    int n = 0;
    for (int i = -kW3Warm; busy < kW3Seconds || n < 3; ++i) {
      v[static_cast<size_t>(i + 1000) % kVec] = i;
      const int64_t t0 = now_ns();
      auto r = cap.echoVecRequest(capnp::MessageSize{v.size() + 64, 0});
      fill(r.initV(static_cast<uint>(v.size())), v);
      auto res = r.send().wait(ws);
      auto l = res.getV();
      const double dt = static_cast<double>(now_ns() - t0) * 1e-9;
      check(l.size() == kVec, "w3: wrong length");
      for (uint k = 0; k < kVec; ++k) check(l[k] == v[k], "w3: wrong echo");
      if (i >= 0) {
        busy += dt;
        ++n;
      }
    }
    report("w3_echo_GBps", n * (2 * kVec * 8.0) / busy * 1e-9);
  } else if (cli.is("w4")) {
    run_w4([&] {
      Nodes pick(nodes.size());
      int64_t total = 0;
      auto all = kj::heapArrayBuilder<kj::Promise<void>>(kTasks);
      for (int t = 0; t < kTasks; ++t) {
        int n = pick.pick();
        auto r = nodes[static_cast<size_t>(n)]->cap.countRequest(capnp::MessageSize{16, 0});
        r.setStart(int64_t{t} * kSpan);
        r.setEnd(int64_t{t + 1} * kSpan);
        all.add(r.send().then([&, n](auto&& res) {
          total += res.getV();
          pick.done(n);
        }));
      }
      kj::joinPromises(all.finish()).wait(ws);
      return total;
    });
  } else {
    unsupported();
  }
  std::fflush(stdout);
  std::_Exit(0);
}
