// The floor: no RPC layer at all, 32-byte messages over TCP (or a Unix socket).
//
//   raw server PORT MODE         MODE: block | spin | nobatch | epoll
//   raw client WORKLOAD PORTS [MODE] [unix]
//
// block    one thread per connection, blocking recv/send, answers to everything
//          one recv returned leave in one send
// nobatch  as block, but one recv and one send per message (what an RPC layer
//          without batching pays)
// spin     as block, but the socket is polled without ever sleeping
// epoll    one thread, level-triggered epoll over non-blocking sockets
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include <memory>
#include <thread>
#include <unordered_map>

#include "bench.hpp"

namespace {
using namespace bench;

enum Type : uint32_t { kSum = 1, kVecSum, kVecSumStream, kVecEcho, kCount };
struct Msg {
  uint32_t type, id;
  int64_t a, b, c;
};
static_assert(sizeof(Msg) == 32);

bool g_unix = false;

void sys(bool ok, const char* what) {
  if (!ok) {
    std::perror(what);
    std::_Exit(1);
  }
}
int make_socket() {
  int s = ::socket(g_unix ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sys(s >= 0, "socket");
  return s;
}
socklen_t make_addr(int port, sockaddr_storage& ss) {
  std::memset(&ss, 0, sizeof ss);
  if (g_unix) {
    auto* u = reinterpret_cast<sockaddr_un*>(&ss);
    u->sun_family = AF_UNIX;
    // abstract name: nothing is left in the file system
    int n = std::snprintf(u->sun_path + 1, sizeof u->sun_path - 1, "peers-raw-%d", port);
    return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + n);
  }
  auto* i = reinterpret_cast<sockaddr_in*>(&ss);
  i->sin_family = AF_INET;
  i->sin_port = htons(static_cast<uint16_t>(port));
  i->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return sizeof *i;
}
void nodelay(int s) {
  int one = 1;
  if (!g_unix) ::setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}
int listen_on(int port) {
  int s = make_socket();
  int one = 1;
  ::setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  sockaddr_storage ss;
  socklen_t n = make_addr(port, ss);
  sys(::bind(s, reinterpret_cast<sockaddr*>(&ss), n) == 0, "bind");
  sys(::listen(s, 4096) == 0, "listen");
  return s;
}
int dial(int port) {
  int s = make_socket();
  sockaddr_storage ss;
  socklen_t n = make_addr(port, ss);
  sys(::connect(s, reinterpret_cast<sockaddr*>(&ss), n) == 0, "connect");
  nodelay(s);
  return s;
}
// When polling, bulk goes in pieces: one huge call would hold the socket so long
// that the other side cannot work at the same time.
constexpr size_t kPiece = 256 * 1024;

void send_all(int s, const void* p, size_t n, bool spin = false) {
  auto* c = static_cast<const char*>(p);
  while (n) {
    ssize_t k = ::send(s, c, spin ? std::min(n, kPiece) : n, MSG_NOSIGNAL | (spin ? MSG_DONTWAIT : 0));
    if (k < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    sys(k > 0, "send");
    c += k;
    n -= static_cast<size_t>(k);
  }
}
// false: the peer has closed
bool recv_all(int s, void* p, size_t n, bool spin = false) {
  auto* c = static_cast<char*>(p);
  while (n) {
    ssize_t k = ::recv(s, c, spin ? std::min(n, kPiece) : n, spin ? MSG_DONTWAIT : 0);
    if (k < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (k == 0) return false;
    if (k < 0 && errno == ECONNRESET) return false;
    sys(k > 0, "recv");
    c += k;
    n -= static_cast<size_t>(k);
  }
  return true;
}
Msg answer(const Msg& m) {
  Msg r = m;
  r.a = m.type == kCount ? count_palindromes(m.a, m.b) : sum3(m.a, m.b, m.c);
  r.b = r.c = 0;
  return r;
}

// ---- server ----------------------------------------------------------------
void bulk(int s, const Msg& m, const char* have, size_t nhave, std::vector<double>& buf, bool spin) {
  const size_t bytes = static_cast<size_t>(m.a), n = bytes / 8;
  Msg r = m;
  if (m.type == kVecSumStream) {
    // adds every chunk while it is still in the cache, in the same order
    static thread_local std::vector<double> chunk(1 << 14);  // 128 KiB
    double lane[8] = {};
    size_t fill = nhave, left = bytes;
    std::memcpy(chunk.data(), have, nhave);
    size_t want = std::min(left, chunk.size() * 8);
    while (left) {
      if (fill < want && !recv_all(s, reinterpret_cast<char*>(chunk.data()) + fill, want - fill, spin)) return;
      for (size_t i = 0; i < want / 8; i += 8)
        for (size_t k = 0; k < 8; ++k) lane[k] += chunk[i + k];
      left -= want;
      fill = 0;
      want = std::min(left, chunk.size() * 8);
    }
    double t = ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
    std::memcpy(&r.a, &t, 8);
    send_all(s, &r, sizeof r);
    return;
  }
  if (buf.size() < n) buf.resize(n);
  std::memcpy(buf.data(), have, nhave);
  if (bytes > nhave && !recv_all(s, reinterpret_cast<char*>(buf.data()) + nhave, bytes - nhave, spin)) return;
  if (m.type == kVecSum) {
    double t = sum_doubles(buf.data(), n);
    std::memcpy(&r.a, &t, 8);
    send_all(s, &r, sizeof r);
  } else {
    send_all(s, &r, sizeof r);
    send_all(s, buf.data(), bytes, spin);
  }
}

void serve_blocking(int s, bool batch, bool spin) {
  nodelay(s);
  std::vector<char> in(64 * 1024);
  std::vector<Msg> out;
  std::vector<double> big;
  size_t fill = 0;
  for (;;) {
    ssize_t k = ::recv(s, in.data() + fill, batch ? in.size() - fill : sizeof(Msg) - fill, spin ? MSG_DONTWAIT : 0);
    if (k < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (k <= 0) break;
    fill += static_cast<size_t>(k);
    size_t pos = 0;
    out.clear();
    while (fill - pos >= sizeof(Msg)) {
      Msg m;
      std::memcpy(&m, in.data() + pos, sizeof m);
      pos += sizeof m;
      if (m.type == kVecSum || m.type == kVecSumStream || m.type == kVecEcho) {
        size_t have = std::min(fill - pos, static_cast<size_t>(m.a));
        bulk(s, m, in.data() + pos, have, big, spin);
        pos += have;
      } else {
        out.push_back(answer(m));
      }
    }
    if (!out.empty()) send_all(s, out.data(), out.size() * sizeof(Msg));
    std::memmove(in.data(), in.data() + pos, fill - pos);
    fill -= pos;
  }
  ::close(s);
}

void serve_epoll(int ls) {
  ::fcntl(ls, F_SETFL, O_NONBLOCK);
  int ep = ::epoll_create1(EPOLL_CLOEXEC);
  epoll_event ev{};
  ev.events = EPOLLIN;
  ev.data.fd = ls;
  ::epoll_ctl(ep, EPOLL_CTL_ADD, ls, &ev);
  std::unordered_map<int, std::string> rest;  // an incomplete message, seldom
  std::vector<char> in(64 * 1024);
  std::vector<Msg> out;
  epoll_event evs[256];
  for (;;) {
    int n = ::epoll_wait(ep, evs, 256, -1);
    for (int e = 0; e < n; ++e) {
      int s = evs[e].data.fd;
      if (s == ls) {
        for (int c; (c = ::accept4(ls, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
          nodelay(c);
          ev.events = EPOLLIN;
          ev.data.fd = c;
          ::epoll_ctl(ep, EPOLL_CTL_ADD, c, &ev);
        }
        continue;
      }
      size_t fill = 0;
      if (auto it = rest.find(s); it != rest.end()) {
        fill = it->second.size();
        std::memcpy(in.data(), it->second.data(), fill);
        rest.erase(it);
      }
      ssize_t k = ::recv(s, in.data() + fill, in.size() - fill, 0);
      if (k < 0 && errno == EAGAIN) continue;
      if (k <= 0) {
        ::close(s);
        continue;
      }
      fill += static_cast<size_t>(k);
      size_t pos = 0;
      out.clear();
      for (; fill - pos >= sizeof(Msg); pos += sizeof(Msg)) {
        Msg m;
        std::memcpy(&m, in.data() + pos, sizeof m);
        out.push_back(answer(m));
      }
      if (!out.empty()) send_all(s, out.data(), out.size() * sizeof(Msg));
      if (pos < fill) rest[s].assign(in.data() + pos, fill - pos);
    }
  }
}

// ---- client ----------------------------------------------------------------
int64_t call_once(int s, const Msg& m, bool spin, int ep) {
  send_all(s, &m, sizeof m);
  Msg r;
  if (ep >= 0) {
    epoll_event e;
    while (::epoll_wait(ep, &e, 1, -1) < 1) {
    }
  }
  check(recv_all(s, &r, sizeof r, spin), "connection lost");
  check(r.id == m.id, "wrong id");
  return r.a;
}

void w2(int s, int window, bool batch) {
  Pipeline p(window);
  std::vector<Msg> out;
  std::vector<char> in(64 * 1024);
  size_t fill = 0;
  uint64_t done = 0;
  auto add = [&] {
    int64_t i = p.next();
    if (i < 0) return;
    Msg m{kSum, static_cast<uint32_t>(i), 0, 0, 0};
    args_for(static_cast<uint64_t>(i), m.a, m.b, m.c);
    if (batch)
      out.push_back(m);
    else
      send_all(s, &m, sizeof m);
  };
  for (int i = 0; i < window; ++i) add();
  while (!p.drained()) {
    if (!out.empty()) send_all(s, out.data(), out.size() * sizeof(Msg));
    out.clear();
    ssize_t k = ::recv(s, in.data() + fill, batch ? in.size() - fill : sizeof(Msg) - fill, 0);
    if (k <= 0) die("connection lost");
    fill += static_cast<size_t>(k);
    size_t pos = 0;
    for (; fill - pos >= sizeof(Msg); pos += sizeof(Msg)) {
      Msg m;
      std::memcpy(&m, in.data() + pos, sizeof m);
      check(m.id == static_cast<uint32_t>(done), "wrong id");
      p.done(done++, m.a);
      add();
    }
    std::memmove(in.data(), in.data() + pos, fill - pos);
    fill -= pos;
  }
  p.finish();
}

void send_vec(int s, Type t, const std::vector<double>& v, bool spin) {
  Msg m{t, 7, static_cast<int64_t>(v.size() * 8), 0, 0};
  if (spin) {
    send_all(s, &m, sizeof m, true);
    send_all(s, v.data(), v.size() * 8, true);
    return;
  }
  iovec io[2] = {{&m, sizeof m}, {const_cast<double*>(v.data()), v.size() * 8}};
  ssize_t k = ::writev(s, io, 2);
  sys(k >= static_cast<ssize_t>(sizeof m), "writev");
  size_t sent = static_cast<size_t>(k) - sizeof m;
  send_all(s, reinterpret_cast<const char*>(v.data()) + sent, v.size() * 8 - sent);
}

// One flush per node: the batching floor.
void w4(const std::vector<int>& ports) {
  std::vector<int> s;
  for (int p : ports) s.push_back(dial(p));
  std::vector<std::vector<Msg>> out(s.size());
  std::vector<char> in(64 * 1024);
  run_w4([&] {
    Nodes nodes(s.size());
    for (int t = 0; t < kTasks; ++t) {
      int n = nodes.pick();
      out[n].push_back({kCount, static_cast<uint32_t>(t), int64_t{t} * kSpan, int64_t{t + 1} * kSpan, 0});
    }
    for (size_t n = 0; n < s.size(); ++n) send_all(s[n], out[n].data(), out[n].size() * sizeof(Msg));
    int64_t total = 0;
    for (size_t n = 0; n < s.size(); ++n) {
      size_t want = out[n].size() * sizeof(Msg);
      check(want <= in.size() && recv_all(s[n], in.data(), want), "w4");
      for (size_t i = 0; i < out[n].size(); ++i) {
        Msg m;
        std::memcpy(&m, in.data() + i * sizeof m, sizeof m);
        total += m.a;
        nodes.done(static_cast<int>(n));
      }
      out[n].clear();
    }
    return total;
  });
}
// A fresh connection per task, all in flight before the first answer is read.
void w4dial(const std::vector<int>& ports) {
  run_w4(
      [&] {
        Nodes nodes(ports.size());
        std::vector<int> fd(kTasks), node(kTasks);
        for (int t = 0; t < kTasks; ++t) {
          node[t] = nodes.pick();
          fd[t] = dial(ports[node[t]]);
          Msg m{kCount, static_cast<uint32_t>(t), int64_t{t} * kSpan, int64_t{t + 1} * kSpan, 0};
          send_all(fd[t], &m, sizeof m);
        }
        int64_t total = 0;
        for (int t = 0; t < kTasks; ++t) {
          Msg m;
          check(recv_all(fd[t], &m, sizeof m), "w4dial");
          total += m.a;
          ::close(fd[t]);
          nodes.done(node[t]);
        }
        return total;
      },
      "w4dial", 10, 2);
}
}  // namespace

int main(int argc, char** argv) {
  std::string role = argc > 1 ? argv[1] : "";
  std::string mode = "block";
  for (int i = 2; i < argc; ++i) {
    std::string a = argv[i];
    if (a == "unix")
      g_unix = true;
    else if (a == "block" || a == "spin" || a == "nobatch" || a == "epoll")
      mode = a;
  }
  const bool spin = mode == "spin", batch = mode != "nobatch";
  if (role == "server") {
    int ls = listen_on(std::atoi(argv[2]));
    ready();
    if (mode == "epoll") serve_epoll(ls);
    for (;;) {
      int c = ::accept4(ls, nullptr, nullptr, SOCK_CLOEXEC);
      if (c >= 0) std::thread(serve_blocking, c, batch, spin).detach();
    }
  }
  Cli cli(argc - 1, argv + 1);
  if (cli.is("w4")) {
    w4(cli.ports);
    return 0;
  }
  if (cli.is("w4dial")) {
    w4dial(cli.ports);
    return 0;
  }
  int s = dial(cli.ports[0]);
  if (cli.is("w1")) {
    int ep = -1;
    if (mode == "epoll") {
      ep = ::epoll_create1(EPOLL_CLOEXEC);
      epoll_event ev{};
      ev.events = EPOLLIN;
      ::epoll_ctl(ep, EPOLL_CTL_ADD, s, &ev);
    }
    uint32_t id = 0;
    run_w1([&](int64_t a, int64_t b, int64_t c) { return call_once(s, Msg{kSum, ++id, a, b, c}, spin, ep); });
  } else if (cli.is("w2")) {
    w2(s, cli.window, batch);
  } else if (cli.is("w3sum") || cli.is("w3vec") || cli.is("w3stream")) {
    const bool st = cli.is("w3stream");
    run_w3_sum(
        [&](const std::vector<double>& v) {
          send_vec(s, st ? kVecSumStream : kVecSum, v, spin);
          Msg r;
          check(recv_all(s, &r, sizeof r, spin), "w3");
          double d;
          std::memcpy(&d, &r.a, 8);
          return d;
        },
        static_cast<size_t>(cli.window), st ? "w3_stream_GBps" : cli.is("w3vec") ? "w3_vec_GBps" : "w3_sum_GBps");
  } else if (cli.is("w3echo")) {
    std::vector<double> back(kVec);
    run_w3_echo([&](const std::vector<double>& v) -> const double* {
      send_vec(s, kVecEcho, v, spin);
      Msg r;
      check(recv_all(s, &r, sizeof r, spin) && recv_all(s, back.data(), kVec * 8, spin), "w3");
      return back.data();
    });
  } else {
    unsupported();
  }
}
