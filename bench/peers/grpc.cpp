// gRPC C++ with completion queues, one polling thread a side: its classic asynchronous API.
//
//   grpc server PORT
//   grpc client WORKLOAD PORTS
#include <grpc/grpc.h>
#include <grpcpp/grpcpp.h>

#include <memory>

#include "bench.grpc.pb.h"
#include "bench.hpp"

namespace {
using namespace bench;
using grpc::ClientContext;
using grpc::CompletionQueue;
using grpc::Status;
using peers::Args;
using peers::Bench;
using peers::Double;
using peers::Int;
using peers::Range;
using peers::Vec;

int64_t env(const char* k, int64_t d) {
  const char* v = std::getenv(k);
  return v ? std::atoll(v) : d;
}

// ---- handlers --------------------------------------------------------------
void do_sum(Args& q, Int& r) { r.set_v(sum3(q.a(), q.b(), q.c())); }
void do_sumvec(Vec& q, Double& r) { r.set_v(sum_doubles(q.v().data(), static_cast<size_t>(q.v_size()))); }
void do_echovec(Vec& q, Vec& r) { r.mutable_v()->Swap(q.mutable_v()); }
void do_count(Range& q, Int& r) { r.set_v(count_palindromes(q.start(), q.end())); }

// ---- servers ---------------------------------------------------------------
struct Tag {
  virtual void on(bool ok) = 0;
  virtual ~Tag() = default;
};
template <class Q, class R, auto Request, auto Work>
struct CqCall final : Tag {
  Bench::AsyncService* svc;
  grpc::ServerCompletionQueue* cq;
  std::unique_ptr<grpc::ServerContext> ctx;
  std::unique_ptr<grpc::ServerAsyncResponseWriter<R>> w;
  Q q;
  R r;
  bool finishing = false;
  CqCall(Bench::AsyncService* s, grpc::ServerCompletionQueue* c) : svc(s), cq(c) { arm(); }
  void arm() {
    finishing = false;
    w.reset();
    ctx = std::make_unique<grpc::ServerContext>();
    w = std::make_unique<grpc::ServerAsyncResponseWriter<R>>(ctx.get());
    (svc->*Request)(ctx.get(), &q, w.get(), cq, cq, this);
  }
  void on(bool ok) override {
    if (!ok) {
      delete this;
      return;
    }
    if (finishing) {
      arm();
      return;
    }
    Work(q, r);
    finishing = true;
    w->Finish(r, Status::OK, this);
  }
};

// W8: calls that are answered when all are released.
struct HeldCall final : Tag {
  static inline std::vector<HeldCall*> all;
  Bench::AsyncService* svc;
  grpc::ServerCompletionQueue* cq;
  grpc::ServerContext ctx;
  grpc::ServerAsyncResponseWriter<Int> w{&ctx};
  Args q;
  bool begun = false;
  HeldCall(Bench::AsyncService* s, grpc::ServerCompletionQueue* c) : svc(s), cq(c) {
    svc->RequestHold(&ctx, &q, &w, cq, cq, this);
  }
  void on(bool ok) override {
    if (!ok || begun) {
      delete this;
      return;
    }
    begun = true;
    all.push_back(this);
    new HeldCall(svc, cq);
  }
};
void do_held(Args&, Int& r) { r.set_v(static_cast<int64_t>(HeldCall::all.size())); }
void do_release(Args& q, Int& r) {
  do_held(q, r);
  Int answer;
  answer.set_v(1);
  for (auto* one : HeldCall::all) one->w.Finish(answer, Status::OK, one);
  HeldCall::all.clear();
}

void limits(grpc::ServerBuilder& b) {
  b.SetMaxReceiveMessageSize(-1);
  b.SetMaxSendMessageSize(-1);
  b.AddChannelArgument(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, static_cast<int>(env("LOOKAHEAD", 16 << 20)));
  b.AddChannelArgument(GRPC_ARG_HTTP2_MAX_FRAME_SIZE, static_cast<int>(env("FRAME", 1 << 20)));
  if (env("MINIMAL", 1)) b.AddChannelArgument(GRPC_ARG_MINIMAL_STACK, 1);
}

int server(int port) {
  const std::string addr = "127.0.0.1:" + std::to_string(port);
  grpc::ServerBuilder b;
  limits(b);
  b.AddListeningPort(addr, grpc::InsecureServerCredentials());
  Bench::AsyncService svc;
  b.RegisterService(&svc);
  auto cq = b.AddCompletionQueue();
  auto srv = b.BuildAndStart();
  check(srv != nullptr, "server");
  for (int i = 0; i < 300; ++i) {
    new CqCall<Args, Int, &Bench::AsyncService::RequestSum, do_sum>(&svc, cq.get());
    new CqCall<Range, Int, &Bench::AsyncService::RequestCount, do_count>(&svc, cq.get());
  }
  new HeldCall(&svc, cq.get());
  new CqCall<Args, Int, &Bench::AsyncService::RequestHeld, do_held>(&svc, cq.get());
  new CqCall<Args, Int, &Bench::AsyncService::RequestRelease, do_release>(&svc, cq.get());
  for (int i = 0; i < 2; ++i) {
    new CqCall<Vec, Double, &Bench::AsyncService::RequestSumVec, do_sumvec>(&svc, cq.get());
    new CqCall<Vec, Vec, &Bench::AsyncService::RequestEchoVec, do_echovec>(&svc, cq.get());
  }
  ready();
  void* tag;
  bool ok;
  while (cq->Next(&tag, &ok)) static_cast<Tag*>(tag)->on(ok);
  return 0;
}

// ---- client ----------------------------------------------------------------
std::unique_ptr<Bench::Stub> dial(int port) {
  grpc::ChannelArguments a;
  a.SetMaxReceiveMessageSize(-1);
  a.SetMaxSendMessageSize(-1);
  a.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, static_cast<int>(env("LOOKAHEAD", 16 << 20)));
  a.SetInt(GRPC_ARG_HTTP2_MAX_FRAME_SIZE, static_cast<int>(env("FRAME", 1 << 20)));
  if (env("MINIMAL", 1)) a.SetInt(GRPC_ARG_MINIMAL_STACK, 1);
  a.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a connection each
  auto ch = grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials(), a);
  check(ch->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(5)), "connect");
  return Bench::NewStub(ch);
}

// Completion-queue call that blocks: used for the workloads with one call at a time.
template <class R, class Q, class F>
void cq_call(CompletionQueue& cq, F start, const Q& q, R& r) {
  ClientContext ctx;
  Status st;
  auto rd = start(&ctx, q, &cq);
  rd->Finish(&r, &st, reinterpret_cast<void*>(1));
  void* tag;
  bool ok;
  check(cq.Next(&tag, &ok) && ok && st.ok(), "rpc failed");
}
void set_args(uint64_t i, Args& q) {
  int64_t a, b, c;
  args_for(i, a, b, c);
  q.set_a(a);
  q.set_b(b);
  q.set_c(c);
}

struct CqUnary {
  std::unique_ptr<ClientContext> ctx;
  Status st;
  std::unique_ptr<grpc::ClientAsyncResponseReader<Int>> rd;
  Args q;
  Range g;
  Int r;
  uint64_t i = 0;
  int node = 0;
};

void w2_cq(Bench::Stub& stub, int window) {
  CompletionQueue cq;
  Pipeline p(window);
  std::vector<CqUnary> calls(static_cast<size_t>(window));
  auto issue = [&](CqUnary& c) {
    int64_t i = p.next();
    if (i < 0) return;
    c.rd.reset();
    c.ctx = std::make_unique<ClientContext>();
    c.i = static_cast<uint64_t>(i);
    set_args(c.i, c.q);
    c.rd = stub.AsyncSum(c.ctx.get(), c.q, &cq);
    c.rd->Finish(&c.r, &c.st, &c);
  };
  for (auto& c : calls) issue(c);
  void* tag;
  bool ok;
  while (!p.drained() && cq.Next(&tag, &ok)) {
    auto& c = *static_cast<CqUnary*>(tag);
    check(ok && c.st.ok(), "rpc failed");
    p.done(c.i, c.r.v());
    issue(c);
  }
  p.finish();
}

std::unique_ptr<Bench::Stub> dial(int port);

void w8_connections(int port) {
  CompletionQueue cq;
  Args q;
  Int r;
  Growth server(server_pid());
  std::vector<std::unique_ptr<Bench::Stub>> stubs;
  for (int i = 0; i < kW8Connections; ++i) {
    stubs.push_back(dial(port));
    cq_call(cq, [&](auto* x, auto& y, auto* z) { return stubs.back()->AsyncSum(x, y, z); }, q, r);
  }
  server.report_each("w8_connection_bytes", kW8Connections);
}

void w8_calls(Bench::Stub& stub, int count) {
  CompletionQueue cq, asking;
  Args q;
  Int r;
  auto ask = [&](auto start) { return cq_call(asking, start, q, r), r.v(); };
  auto held = [&] { return ask([&](auto* x, auto& y, auto* z) { return stub.AsyncHeld(x, y, z); }); };
  held();
  Growth server(server_pid()), client("self");
  std::vector<std::unique_ptr<CqUnary>> calls;
  for (int i = 0; i < count; ++i) {
    auto& c = *calls.emplace_back(std::make_unique<CqUnary>());
    c.ctx = std::make_unique<ClientContext>();
    c.rd = stub.AsyncHold(c.ctx.get(), c.q, &cq);
    c.rd->Finish(&c.r, &c.st, &c);
  }
  while (held() != count) {
  }
  client.report_each("w8_call_bytes", count);
  server.report_each("w8_served_bytes", count);
  ask([&](auto* x, auto& y, auto* z) { return stub.AsyncRelease(x, y, z); });
  void* tag;
  bool ok;
  for (int i = 0; i < count; ++i) check(cq.Next(&tag, &ok) && ok && static_cast<CqUnary*>(tag)->r.v() == 1, "w8");
}

void w4_cq(std::vector<std::unique_ptr<Bench::Stub>>& stubs) {
  CompletionQueue cq;
  std::vector<CqUnary> calls(kTasks);
  run_w4([&] {
    Nodes nodes(stubs.size());
    for (int t = 0; t < kTasks; ++t) {
      auto& c = calls[static_cast<size_t>(t)];
      c.rd.reset();
      c.ctx = std::make_unique<ClientContext>();
      c.g.set_start(int64_t{t} * kSpan);
      c.g.set_end(int64_t{t + 1} * kSpan);
      c.node = nodes.pick();
      c.rd = stubs[static_cast<size_t>(c.node)]->AsyncCount(c.ctx.get(), c.g, &cq);
      c.rd->Finish(&c.r, &c.st, &c);
    }
    int64_t total = 0;
    for (int t = 0; t < kTasks; ++t) {
      void* tag;
      bool ok;
      check(cq.Next(&tag, &ok) && ok, "cq");
      auto& c = *static_cast<CqUnary*>(tag);
      check(c.st.ok(), "rpc failed");
      total += c.r.v();
      nodes.done(c.node);
    }
    return total;
  });
}
}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) die("usage: grpc server PORT | grpc client WORKLOAD PORTS");
  if (std::string(argv[1]) == "server") return server(std::atoi(argv[2]));
  Cli cli(argc - 1, argv + 1);
  std::vector<std::unique_ptr<Bench::Stub>> stubs;
  for (int p : cli.ports) stubs.push_back(dial(p));
  auto& stub = *stubs[0];
  CompletionQueue cq;
  Vec q, e;
  Double d;
  auto fill = [&](const std::vector<double>& v) {
    q.mutable_v()->Clear();
    q.mutable_v()->Add(v.begin(), v.end());
  };
  if (cli.is("w1")) {
    Args args;
    Int r;
    run_w1([&](int64_t a, int64_t b, int64_t c) {
      args.set_a(a);
      args.set_b(b);
      args.set_c(c);
      cq_call(cq, [&](auto* x, auto& y, auto* z) { return stub.AsyncSum(x, y, z); }, args, r);
      return r.v();
    });
  } else if (cli.is("w2")) {
    w2_cq(stub, cli.window);
  } else if (cli.is("w3sum")) {
    run_w3_sum([&](const std::vector<double>& v) {
      fill(v);
      cq_call(cq, [&](auto* x, auto& y, auto* z) { return stub.AsyncSumVec(x, y, z); }, q, d);
      return d.v();
    }, static_cast<size_t>(cli.window));
  } else if (cli.is("w3echo")) {
    run_w3_echo([&](const std::vector<double>& v) -> const double* {
      fill(v);
      cq_call(cq, [&](auto* x, auto& y, auto* z) { return stub.AsyncEchoVec(x, y, z); }, q, e);
      return e.v_size() == static_cast<int>(kVec) ? e.v().data() : nullptr;
    });
  } else if (cli.is("w4")) {
    w4_cq(stubs);
  } else if (cli.is("w8calls")) {
    w8_calls(stub, cli.window);
  } else if (cli.is("w8conn")) {
    w8_connections(cli.ports[0]);
  } else {
    unsupported();
  }
  std::fflush(stdout);
  std::_Exit(0);  // no shutdown dance: it is not measured
}
