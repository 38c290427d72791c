// ZeroMQ, DEALER (client) to ROUTER (server), one I/O thread per context. The
// messages are the same plain structs as in the raw floor: no serialisation.
//
//   zmq server PORT
//   zmq client WORKLOAD PORTS
#include <zmq.hpp>

#include "bench.hpp"

namespace {
using namespace bench;

enum Type : uint32_t { kSum = 1, kVecSum, kVecEcho, kCount };
struct Msg {
  uint32_t type, id;
  int64_t a, b, c;
};

std::string url(int port) { return "tcp://127.0.0.1:" + std::to_string(port); }

int server(int port) {
  zmq::context_t ctx(1);
  zmq::socket_t s(ctx, zmq::socket_type::router);
  s.set(zmq::sockopt::sndhwm, 0);
  s.set(zmq::sockopt::rcvhwm, 0);
  s.bind(url(port));
  ready();
  for (;;) {
    zmq::message_t from, m, v;
    check(s.recv(from).has_value() && s.recv(m).has_value(), "recv");
    Msg r;
    check(m.size() == sizeof r, "size");
    std::memcpy(&r, m.data(), sizeof r);
    if (r.type == kVecSum || r.type == kVecEcho) check(m.more() && s.recv(v).has_value(), "recv");
    switch (r.type) {
      case kCount:
        r.a = count_palindromes(r.a, r.b);
        break;
      case kSum:
        r.a = sum3(r.a, r.b, r.c);
        break;
      case kVecSum: {
        double d = sum_doubles(v.data<double>(), v.size() / 8);
        std::memcpy(&r.a, &d, 8);
        break;
      }
      default:
        break;
    }
    s.send(from, zmq::send_flags::sndmore);
    const bool echo = r.type == kVecEcho;
    s.send(zmq::const_buffer(&r, sizeof r), echo ? zmq::send_flags::sndmore : zmq::send_flags::none);
    if (echo) s.send(v, zmq::send_flags::none);
  }
}

zmq::socket_t dial(zmq::context_t& ctx, int port) {
  zmq::socket_t s(ctx, zmq::socket_type::dealer);
  s.set(zmq::sockopt::sndhwm, 0);
  s.set(zmq::sockopt::rcvhwm, 0);
  s.connect(url(port));
  return s;
}
void put(zmq::socket_t& s, const Msg& m, zmq::send_flags f = zmq::send_flags::none) {
  s.send(zmq::const_buffer(&m, sizeof m), f);
}
Msg get(zmq::socket_t& s) {
  Msg r;
  auto k = s.recv(zmq::mutable_buffer(&r, sizeof r));
  check(k && k->size == sizeof r, "size");
  return r;
}
// The vector is not copied into the message; ZeroMQ reads it where it lies. The
// call returns after the answer, so it stays valid long enough.
void put_vec(zmq::socket_t& s, Type t, const std::vector<double>& v) {
  put(s, Msg{t, 1, 0, 0, 0}, zmq::send_flags::sndmore);
  zmq::message_t m(const_cast<double*>(v.data()), v.size() * 8, [](void*, void*) {}, nullptr);
  s.send(std::move(m), zmq::send_flags::none);
}
}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) die("usage: zmq server PORT | zmq client WORKLOAD PORTS");
  if (std::string(argv[1]) == "server") return server(std::atoi(argv[2]));
  Cli cli(argc - 1, argv + 1);
  zmq::context_t ctx(1);
  if (cli.is("w4")) {
    std::vector<zmq::socket_t> s;
    for (int p : cli.ports) s.push_back(dial(ctx, p));
    std::vector<zmq::pollitem_t> items;
    for (auto& x : s) items.push_back({x.handle(), 0, ZMQ_POLLIN, 0});
    run_w4([&] {
      Nodes nodes(s.size());
      for (int t = 0; t < kTasks; ++t)
        put(s[static_cast<size_t>(nodes.pick())],
            {kCount, static_cast<uint32_t>(t), int64_t{t} * kSpan, int64_t{t + 1} * kSpan, 0});
      int64_t total = 0;
      for (int left = kTasks; left > 0;) {
        zmq::poll(items.data(), items.size(), std::chrono::milliseconds(-1));
        for (size_t n = 0; n < s.size(); ++n) {
          if (!(items[n].revents & ZMQ_POLLIN)) continue;
          Msg r;
          while (s[n].recv(zmq::mutable_buffer(&r, sizeof r), zmq::recv_flags::dontwait)) {
            total += r.a;
            nodes.done(static_cast<int>(n));
            --left;
          }
        }
      }
      return total;
    });
    std::fflush(stdout);
    std::_Exit(0);
  }
  auto s = dial(ctx, cli.ports[0]);
  if (cli.is("w1")) {
    uint32_t id = 0;
    run_w1([&](int64_t a, int64_t b, int64_t c) {
      put(s, {kSum, ++id, a, b, c});
      Msg r = get(s);
      check(r.id == id, "wrong id");
      return r.a;
    });
  } else if (cli.is("w2")) {
    Pipeline p(cli.window);
    auto issue = [&] {
      int64_t i = p.next();
      if (i < 0) return;
      Msg m{kSum, static_cast<uint32_t>(i), 0, 0, 0};
      args_for(static_cast<uint64_t>(i), m.a, m.b, m.c);
      put(s, m);
    };
    for (int i = 0; i < cli.window; ++i) issue();
    for (uint64_t n = 0; !p.drained(); ++n) {
      Msg r = get(s);
      check(r.id == static_cast<uint32_t>(n), "wrong id");
      p.done(n, r.a);
      issue();
    }
    p.finish();
  } else if (cli.is("w3sum")) {
    run_w3_sum([&](const std::vector<double>& v) {
      put_vec(s, kVecSum, v);
      Msg r = get(s);
      double d;
      std::memcpy(&d, &r.a, 8);
      return d;
    }, static_cast<size_t>(cli.window));
  } else if (cli.is("w3echo")) {
    zmq::message_t back;
    run_w3_echo([&](const std::vector<double>& v) -> const double* {
      put_vec(s, kVecEcho, v);
      get(s);
      check(s.recv(back).has_value() && back.size() == kVec * 8, "w3: wrong length");
      return back.data<double>();
    });
  } else {
    unsupported();
  }
  std::fflush(stdout);
  std::_Exit(0);
}
