#include "registry/support.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>

using namespace registry_test;

BOOST_AUTO_TEST_SUITE(label_filter)

BOOST_AUTO_TEST_CASE(pinned_call_waits_for_its_node_while_others_are_free) {
  fixture f;
  auto const a = f.join("a", 1);
  f.join("b", 1);
  auto needs = f.needs();
  std::vector<std::string> const names{"node=a"};
  BOOST_REQUIRE(!f.registry.ask(names, needs));
  auto first = f.registry.submit(call(1), needs);
  BOOST_TEST(first.node == a);
  BOOST_TEST(f.registry.submit(call(2), needs).what == dist::placing::queued);
  BOOST_TEST(!f.registry.next());
  BOOST_TEST(f.registry.why_waiting(needs) == "the slot of node a is in use");
  first.held = {};
  auto second = f.registry.next();
  BOOST_REQUIRE(second);
  BOOST_TEST(second->call == call(2));
  BOOST_TEST(second->node == a);
  f.registry.submit(call(3), needs);
  f.registry.leave(a);
  auto const stranded = f.registry.stranded();
  BOOST_REQUIRE(stranded.size() == 1U);
  BOOST_TEST(stranded[0].call == call(3));
  BOOST_TEST((stranded[0].why.code == dist::errc::no_node));
  BOOST_TEST(stranded[0].why.message == "node a, to which the call was pinned, has left");
  BOOST_TEST(f.registry.submit(call(4), needs).what == dist::placing::refused);
}

BOOST_AUTO_TEST_CASE(ten_thousand_pinned_calls_are_cheap) {
  fixture f;
  std::vector<dist::lease> held;
  std::vector<dist::node_id> nodes;
  for (int n = 0; n < 10'000; ++n) nodes.push_back(f.join("n" + std::to_string(n), 1));
  for (int n = 0; n < 10'000; ++n) held.push_back(f.submit().held);
  auto needs = f.needs();
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    needs.pin = nodes[n];
    f.registry.submit(call(n), needs);
  }
  BOOST_TEST(!f.registry.next());
  for (auto& one : held) {
    auto const node = one.node();
    one = {};
    auto out = f.registry.next();
    BOOST_REQUIRE(out);
    BOOST_REQUIRE(out->node == node);
  }
  BOOST_TEST(f.registry.counts().queued == 0U);
}

BOOST_AUTO_TEST_CASE(invalid_label_filters_are_rejected) {
  dist::registry_settings settings;
  settings.label_filter_count = 2;
  fixture f(settings);
  auto needs = f.needs();
  struct row {
    std::vector<std::string> asked;
    std::optional<dist::errc> wrong;
  };
  row const rows[] = {{{"gpu=1"}, {}},
                      {{"gpu", "zone=a"}, {}},
                      {{"zone=a", "gpu", "gpu"}, {}},
                      {{"other"}, dist::errc::limit_exceeded},
                      {{""}, dist::errc::bad_arguments},
                      {{"=1"}, dist::errc::bad_arguments},
                      {{"node=a", "node=b"}, dist::errc::bad_arguments},
                      {{"node=a", "node=a"}, {}},
                      {{}, {}}};
  for (auto const& row : rows) {
    auto const wrong = f.registry.ask(row.asked, needs);
    BOOST_TEST(wrong.has_value() == row.wrong.has_value());
    if (wrong && row.wrong) BOOST_TEST((wrong->code == *row.wrong));
  }
  BOOST_TEST((needs.labels == dist::no_label_filter));
  BOOST_TEST(needs.pin == dist::no_node_id);
}

BOOST_AUTO_TEST_CASE(label_filter_matches_a_value_or_any_value) {
  dist::node_labels const labels{{"gpu", "1"}, {"zone", "a=b"}, {"big", ""}};
  struct {
    std::vector<std::string> asked;
    bool met;
  } const table[] = {
      {{}, true},       {{"gpu"}, true},        {{"gpu=1"}, true},        {{"gpu=2"}, false},
      {{"cpu"}, false}, {{"zone=a=b"}, true},   {{"zone=a"}, false},      {{"big"}, true},
      {{"big="}, true}, {{"gpu", "big"}, true}, {{"gpu", "gpu=1"}, true}, {{"gpu=1", "gpu=2"}, false},
      {{"node"}, true},
  };
  for (auto const& row : table) {
    auto const read = dist::read_needs(row.asked);
    BOOST_REQUIRE(read.has_value());
    BOOST_TEST(dist::meets(labels, read->labels) == row.met);
  }
}

BOOST_AUTO_TEST_CASE(call_with_a_label_goes_only_to_nodes_with_it) {
  fixture f;
  std::vector<dist::node_id> with;
  for (int n = 0; n < 6; ++n) {
    auto info = node("n" + std::to_string(n), 4, {"Arith.sum"});
    if (n % 2 == 0) info.labels["gpu"] = std::to_string(n);
    auto const id = f.join(std::move(info));
    if (n % 2 == 0) with.push_back(id);
  }
  std::string const gpu = "gpu";
  auto needs = f.needs();
  BOOST_REQUIRE(!f.registry.ask({&gpu, 1}, needs));
  std::vector<dist::lease> held;
  for (int n = 0; n < 12; ++n) {
    auto out = f.registry.submit(call(0), needs);
    BOOST_TEST(std::ranges::count(with, out.node) == 1);
    held.push_back(std::move(out.held));
  }
  for (auto const id : with) BOOST_TEST(f.in_use(id) == 4U);
  BOOST_TEST(f.registry.submit(call(1), needs).what == dist::placing::queued);
  BOOST_TEST(f.registry.why_waiting(needs) ==
             "all 12 slots of 3 nodes with label gpu are in use, 1 calls of Arith.sum wait");
  // Other calls are not held up behind it, and the labels of a node that joins later count.
  f.submit(2);
  auto const other = f.drain_queue();
  BOOST_REQUIRE(other.size() == 1U);
  BOOST_TEST(other[0].call == call(2));
  auto late = node("late", 1, {"Arith.sum"});
  late.labels["gpu"] = "9";
  f.join(std::move(late));
  BOOST_TEST(f.drain_queue().size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
