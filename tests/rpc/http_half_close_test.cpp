#include <dist/rpc/http_server.hpp>

#include <boost/test/unit_test.hpp>

#include "rpc/http_served.hpp"

namespace {

using namespace dist::test::http;

}  // namespace

BOOST_AUTO_TEST_SUITE(http_half_close)

BOOST_AUTO_TEST_CASE(half_closed_peer_is_answered_and_then_closed) {
  for (bool const ends_early : {true, false}) {
    served s;
    bool ended = false;
    dist::event go_on;
    s.handler = [&](http_request) { return wait_for(go_on, ended); };
    s.start(get("/a") + get("/b"));
    auto& peer = static_cast<dist::test::memory_stream&>(*s.ends.second);
    if (ends_early) peer.finish_sending();
    s.w.idle();
    BOOST_TEST(!ended);
    go_on.set();
    s.w.idle();
    go_on.set();
    s.w.idle();
    if (!ends_early) {
      BOOST_TEST(!s.job->done());
      peer.finish_sending();
      s.w.idle();
    }
    BOOST_TEST(s.job->done());
    BOOST_TEST(s.w.clock.timer_count() == 0U);
    s.ends.first->close();
    auto const text = s.read();
    BOOST_TEST(count(text, "HTTP/1.1 200 OK") == 2U);
    BOOST_TEST(count(text, "Connection: close") == (ends_early ? 1U : 0U));
  }
}

BOOST_AUTO_TEST_CASE(handler_is_cancelled_when_a_half_closed_peer_leaves) {
  served s;
  bool ended = false;
  dist::event never;
  s.handler = [&](http_request) { return wait_for(never, ended); };
  s.start(get("/a"));
  static_cast<dist::test::memory_stream&>(*s.ends.second).finish_sending();
  s.w.idle();
  BOOST_TEST(!ended);
  s.ends.second->close();
  s.w.idle();
  BOOST_TEST(ended);
  BOOST_TEST(s.job->done());
}

BOOST_AUTO_TEST_CASE(truncated_request_is_malformed) {
  for (std::string const part : {"GET / HT", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n123"}) {
    served s;
    s.start(part);
    static_cast<dist::test::memory_stream&>(*s.ends.second).finish_sending();
    s.w.idle();
    BOOST_TEST(s.job->done());
    s.ends.first->close();
    BOOST_TEST(s.read().starts_with("HTTP/1.1 400 "));
  }
}

BOOST_AUTO_TEST_SUITE_END()
