#include "registry/support.hpp"

#include <boost/test/unit_test.hpp>
#include <random>

using namespace registry_test;

BOOST_AUTO_TEST_SUITE(queue)

BOOST_AUTO_TEST_CASE(withdrawn_calls_are_not_assigned) {
  fixture f;
  std::vector<dist::ticket> places;
  for (std::uint32_t n = 1; n <= 5; ++n) places.push_back(f.submit(n).place);
  BOOST_TEST(f.registry.withdraw(places[0]));
  BOOST_TEST(f.registry.withdraw(places[2]));
  BOOST_TEST(f.registry.withdraw(places[4]));
  BOOST_TEST(!f.registry.withdraw(places[4]));
  BOOST_TEST(!f.registry.withdraw({}));
  f.join("a", 8);
  auto const out = f.drain_queue();
  BOOST_REQUIRE(out.size() == 2U);
  BOOST_TEST(out[0].call == call(2));
  BOOST_TEST(out[1].call == call(4));
  BOOST_TEST(!f.registry.withdraw(places[1]));
}

BOOST_AUTO_TEST_CASE(stale_ticket_does_not_withdraw_the_call_now_in_its_place) {
  fixture f;
  auto const old_place = f.submit(1).place;
  f.registry.withdraw(old_place);
  auto const place = f.submit(2).place;
  BOOST_TEST(place.index == old_place.index);
  BOOST_TEST(!f.registry.withdraw(old_place));
  BOOST_TEST(f.registry.queued(f.sum) == 1U);
}

BOOST_AUTO_TEST_CASE(full_queue_rejects_and_names_its_limit) {
  dist::registry_settings settings;
  settings.queue = {3, 1000};
  fixture f(settings);
  auto needs = f.needs();
  needs.bytes = 600;
  BOOST_TEST(f.registry.submit(call(1), needs).what == dist::placing::queued);
  auto const bytes = f.registry.submit(call(2), needs);
  BOOST_TEST(bytes.what == dist::placing::refused);
  BOOST_TEST((bytes.why->code == dist::errc::overloaded));
  BOOST_TEST((bytes.why->known == dist::progress::not_started));
  BOOST_TEST(bytes.why->method == "Arith.sum");
  BOOST_TEST(bytes.why->message == "the queue holds 600 bytes of arguments, this call has 600, the limit is 1000; start "
                                   "fewer calls at once, or with smaller arguments (fan_out().window_bytes limits a fan-out)");
  f.submit(3);
  f.submit(4);
  auto const count = f.submit(5);
  BOOST_TEST(count.what == dist::placing::refused);
  BOOST_TEST(count.why->message == "the queue holds 3 calls, its limit is 3; start fewer calls at once "
                                   "(fan_out().window limits a fan-out)");
  BOOST_TEST(f.registry.counts().queued == 3U);
  BOOST_TEST(f.registry.counts().queued_bytes == 600U);
}

BOOST_AUTO_TEST_CASE(one_call_larger_than_the_limit_may_wait_alone) {
  dist::registry_settings settings;
  settings.queue = {3, 1000};
  fixture f(settings);
  auto needs = f.needs();
  needs.bytes = 5000;
  BOOST_TEST(f.registry.submit(call(1), needs).what == dist::placing::queued);
  BOOST_TEST(f.registry.submit(call(2), needs).what == dist::placing::refused);
}

BOOST_AUTO_TEST_CASE(full_queue_does_not_reject_a_call_that_a_node_can_take_now) {
  dist::registry_settings settings;
  settings.queue = {1, 1000};
  fixture f(settings);
  auto const other = *f.registry.intern("Other.method");
  auto needs = f.needs();
  needs.method = other;
  f.registry.submit(call(1), needs);
  f.join("a", 1);
  BOOST_TEST(f.submit(2).what == dist::placing::placed);
}

BOOST_AUTO_TEST_CASE(bytes_are_released_when_a_call_leaves_in_any_way) {
  fixture f;
  auto needs = f.needs();
  needs.bytes = 10;
  auto const place = f.registry.submit(call(1), needs).place;
  f.registry.submit(call(2), needs);
  BOOST_TEST(f.registry.counts().queued_bytes == 20U);
  f.registry.withdraw(place);
  f.join("a", 1);
  f.drain_queue();
  BOOST_TEST(f.registry.counts().queued_bytes == 0U);
  BOOST_TEST(f.registry.counts().queued == 0U);
}

BOOST_AUTO_TEST_CASE(tickets_stay_stale_after_a_large_queue_was_emptied) {
  fixture f;
  std::vector<dist::ticket> places;
  for (std::uint32_t n = 0; n < 10'000; ++n) places.push_back(f.submit(n).place);
  for (auto const& place : places) BOOST_REQUIRE(f.registry.withdraw(place));
  BOOST_TEST(f.registry.counts().queued == 0U);
  f.submit(1);
  for (auto const& place : places) BOOST_REQUIRE(!f.registry.withdraw(place));
}

BOOST_AUTO_TEST_CASE(heaps_of_callers_and_lines_stay_valid) {
  std::mt19937 random(3);
  dist::call_queue queue({});
  std::vector<dist::ticket> places;
  for (int step = 0; step < 20'000; ++step) {
    if (places.size() < 400 && random() % 2 == 0) {
      dist::call_needs needs;
      needs.method = static_cast<dist::method_ref>(random() % 20);
      needs.labels = static_cast<dist::label_filter_ref>(random() % 3);
      needs.caller = static_cast<dist::caller_ref>(random() % 20);
      needs.nested = random() % 4 == 0;
      needs.moved = random() % 8 == 0;
      if (random() % 8 == 0) needs.avoided.add(dist::node_id{1});
      if (random() % 8 == 0) needs.pin = static_cast<dist::node_id>(1 + random() % 5);
      places.push_back(*queue.push(call(0), needs));
    } else if (!places.empty()) {
      std::swap(places[random() % places.size()], places.back());
      if (random() % 2 == 0)
        BOOST_REQUIRE(queue.withdraw(places.back()));
      else
        queue.take(places.back().index);
      BOOST_REQUIRE(!queue.withdraw(places.back()));
      places.pop_back();
    }
    auto const callers = queue.callers();
    for (std::size_t n = 1; n < callers.size(); ++n)
      BOOST_REQUIRE((queue.urgency_of_caller(callers[(n - 1) / 2]) < queue.urgency_of_caller(callers[n])));
    std::size_t at_lines = 0;
    for (auto const caller : callers) {
      auto const lines = queue.lines_of(caller);
      for (std::size_t n = 1; n < lines.size(); ++n)
        BOOST_REQUIRE((queue.urgency_of_line(lines[(n - 1) / 2]) < queue.urgency_of_line(lines[n])));
      for (auto const line : lines) at_lines += queue.waiting_in(line);
    }
    dist::call_queue::urgency first;
    std::size_t anywhere = 0;
    for (auto const& place : places) {
      if (queue.at(place.index).needs.pin != dist::no_node_id) continue;
      ++anywhere;
      first = std::min(first, queue.urgency_of(queue.at(place.index)));
    }
    BOOST_REQUIRE(at_lines == anywhere);
    if (anywhere > 0) BOOST_REQUIRE((queue.urgency_of_caller(callers[0]) == first));
  }
  BOOST_TEST(queue.line_count() < 1000U);
}

BOOST_AUTO_TEST_SUITE_END()
