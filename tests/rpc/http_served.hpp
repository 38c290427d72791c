#pragma once

#include <dist/rpc/http_server.hpp>
#include <stdexcept>

#include "support/world.hpp"

namespace dist::test::http {

using namespace std::chrono_literals;
using dist::http_request;
using dist::http_response;
using dist::task;
using dist::test::world;

inline task<http_response> answer(http_request request) {
  if (request.path == "/throw") throw std::runtime_error("it broke");
  if (request.path == "/throw_system") throw std::system_error(asio::error::host_not_found);
  if (request.path == "/throw_number") throw 7;
  if (request.path == "/upgrade") {
    http_response switching(101);
    switching.headers.set("Connection", "Upgrade");
    switching.headers.set("Upgrade", "dist/1");
    co_return switching;
  }
  if (request.path == "/big") co_return http_response(200, std::string(1'000'000, 'x'));
  co_return http_response(200, request.method + ' ' + request.path + ' ' + request.body);
}

inline task<http_response> wait_for(dist::event& what, bool& ended) {
  struct at_end {
    bool& set;
    ~at_end() { set = true; }
  } const guard{ended};
  co_await what.wait();
  co_return http_response(200);
}

/// A served connection; the test holds the other end.
struct served {
  explicit served(dist::limits l = {}) : limits(l) {}

  void start(std::string already_read = {}) {
    job.emplace(
        dist::test::start(w.io, dist::serve_http(*ends.first, dist::buffer(already_read), handler, limits, w.clock, gate)));
    w.idle();
  }
  void write(std::string_view text) {
    dist::test::start(w.io, write_to(*ends.second, std::string(text)));
    w.idle();
  }
  /// Everything received so far.
  std::string read() {
    std::string all;
    while (true) {
      auto reading = dist::test::start(w.io, read_from(*ends.second));
      w.idle();
      if (!reading.done()) {
        // Nothing has arrived: the pending read ends with the next bytes.
        ended = false;
        pending_reads.push_back(reading);
        return all;
      }
      auto const text = reading.get();
      if (text.empty()) {
        ended = true;
        return all;
      }
      all += text;
    }
  }
  ~served() {
    ends.second->close();
    ends.first->close();
    w.idle();
  }

  static task<void> write_to(dist::stream& stream, std::string text) {
    asio::const_buffer const bytes(text.data(), text.size());
    try {
      co_await stream.write({&bytes, 1});
    } catch (std::system_error const&) {
    }
  }
  static task<std::string> read_from(dist::stream& stream) {
    std::string text(100'000, '\0');
    std::size_t count = 0;
    try {
      count = co_await stream.read_some(asio::buffer(text));
    } catch (std::system_error const&) {
    }
    text.resize(count);
    co_return text;
  }

  world w;
  dist::limits limits;
  dist::http_handler handler = answer;
  dist::http_gate gate;
  dist::test::stream_pair ends = dist::test::memory_stream_pair();
  std::optional<dist::test::started<std::optional<dist::http_upgrade>>> job;
  std::vector<dist::test::started<std::string>> pending_reads;
  bool ended = false;
};

inline std::string get(std::string_view path, std::string_view more = "") {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n" + std::string(more) + "\r\n";
}

inline std::size_t count(std::string_view text, std::string_view what) {
  std::size_t found = 0;
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++found;
  return found;
}

}  // namespace dist::test::http
