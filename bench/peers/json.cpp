// A cheap JSON-RPC client, so that the servers are compared: 64 calls in flight.
//
//   json client w9tcp|w9http PORT dist|go
//
// w9tcp   one connection, requests gathered, answers in any order
// w9http  one connection, batches of 64 in POST /rpc, one after another
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <string_view>

#include "bench.hpp"

namespace {
using namespace bench;

constexpr int kInFlight = 64;

class Server {
 public:
  explicit Server(int port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(static_cast<uint16_t>(port));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    check(::connect(socket_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0, "connect");
    int one = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  }
  ~Server() { ::close(socket_); }

  void send(std::string_view text) {
    while (!text.empty()) {
      auto const sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      check(sent > 0, "send");
      text.remove_prefix(static_cast<size_t>(sent));
    }
  }
  // Appends the available bytes, at least one.
  void receive(std::string& to) {
    char piece[64 * 1024];
    auto const got = ::recv(socket_, piece, sizeof piece, 0);
    check(got > 0, "the server closed the connection");
    to.append(piece, static_cast<size_t>(got));
  }

 private:
  int socket_;
};

void add_request(std::string& out, int64_t i, bool go) {
  int64_t a, b, c;
  args_for(static_cast<uint64_t>(i), a, b, c);
  char text[256];
  auto const* form = go ? R"({"method":"Bench.Sum","params":[{"A":%lld,"B":%lld,"C":%lld}],"id":%lld})"
                        : R"({"jsonrpc":"2.0","method":"Bench.sum","params":[%lld,%lld,%lld],"id":%lld})";
  std::snprintf(text, sizeof text, form, static_cast<long long>(a), static_cast<long long>(b),
                static_cast<long long>(c), static_cast<long long>(i));
  out += text;
}

int64_t member(std::string_view object, std::string_view name) {
  auto const at = object.find(name);
  int64_t value = 0;
  if (at == std::string_view::npos ||
      std::from_chars(object.data() + at + name.size(), object.data() + object.size(), value).ec != std::errc()) {
    std::fprintf(stderr, "answer: %.*s\n", static_cast<int>(object.size()), object.data());
    die("not the answer that was expected");
  }
  return value;
}

// Takes the answers that are complete off `in`. They are flat objects, so each ends with its first brace.
int take_answers(std::string& in, Pipeline& all) {
  size_t from = 0;
  int count = 0;
  for (size_t end; (end = in.find('}', from)) != std::string::npos; from = end + 1, ++count) {
    auto const object = std::string_view(in).substr(from, end - from);
    all.done(static_cast<uint64_t>(member(object, "\"id\":")), member(object, "\"result\":"));
  }
  in.erase(0, from);
  return count;
}

void over_tcp(Server& server, bool go) {
  Pipeline all(kInFlight, "w9_tcp");
  std::string in, out;
  for (int ready = kInFlight; !all.drained();) {
    for (; ready > 0; --ready)
      if (auto const i = all.next(); i >= 0) add_request(out, i, go), out += '\n';
    server.send(out);
    out.clear();
    if (all.drained()) break;
    server.receive(in);
    ready = take_answers(in, all);
  }
  all.finish();
}

void over_http(Server& server) {
  Pipeline all(kInFlight, "w9_http");
  std::string in, body;
  while (!all.drained()) {
    body = "[";
    int asked = 0;
    for (; asked < kInFlight; ++asked) {
      auto const i = all.next();
      if (i < 0) break;
      if (asked > 0) body += ',';
      add_request(body, i, false);
    }
    if (asked == 0) break;
    body += ']';
    server.send("POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " +
                std::to_string(body.size()) + "\r\n\r\n" + body);
    size_t head = 0;
    while ((head = in.find("\r\n\r\n")) == std::string::npos) server.receive(in);
    check(in.starts_with("HTTP/1.1 200"), in.substr(0, head).c_str());
    auto const length_at = in.find("ontent-Length: ");
    check(length_at < head, "no length");
    auto const whole = head + 4 + static_cast<size_t>(std::atoll(in.c_str() + length_at + 15));
    while (in.size() < whole) server.receive(in);
    in.erase(0, head + 4);
    check(take_answers(in, all) == asked, "answers are missing");
    in.clear();
  }
  all.finish();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) die("usage: json client w9tcp|w9http PORT dist|go");
  Cli cli(argc - 1, argv + 1);
  Server server(cli.ports[0]);
  if (cli.is("w9tcp"))
    over_tcp(server, std::string_view(argv[4]) == "go");
  else
    over_http(server);
}
