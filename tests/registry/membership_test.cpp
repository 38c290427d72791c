#include "registry/support.hpp"

#include <boost/test/unit_test.hpp>

using namespace registry_test;

namespace {

dist::node_info default_name(std::uint64_t incarnation) {
  auto info = process(node("host", 1, {"Arith.sum"}), incarnation);
  info.name_is_default = true;
  return info;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(membership)

BOOST_AUTO_TEST_CASE(chosen_name_of_a_living_node_is_rejected) {
  fixture f;
  f.join(process(node("ws07", 1, {}), 1));
  auto const out = f.registry.join(process(node("ws07", 1, {}), 2), at(0s));
  BOOST_REQUIRE(out.has_error());
  BOOST_TEST((out.error().code == dist::errc::denied));
  BOOST_TEST(out.error().message == "a living node at 10.0.0.1:4000 already has the name ws07");
  BOOST_TEST(f.registry.counts().nodes == 1U);
}

BOOST_AUTO_TEST_CASE(long_name_is_rejected) {
  fixture f;
  f.join(process(node(std::string(255, 'n'), 1, {}), 1));
  auto const out = f.registry.join(process(node(std::string(256, 'n'), 1, {}), 2), at(0s));
  BOOST_REQUIRE(out.has_error());
  BOOST_TEST((out.error().code == dist::errc::limit_exceeded));
  BOOST_TEST(out.error().message == "a node name has at most 255 bytes, not 256");
}

BOOST_AUTO_TEST_CASE(too_many_methods_are_rejected) {
  dist::registry_settings settings;
  settings.method_count = 2;
  dist::registry few(settings);
  auto const out = few.join(process(node("a", 1, {"C.one", "C.two", "C.three"}), 1), at(0s));
  BOOST_REQUIRE(out.has_error());
  BOOST_TEST((out.error().code == dist::errc::limit_exceeded));
  BOOST_TEST(out.error().message == "node a lists 3 methods, the limit is 2");
  // Nodes share method names: c would add a third.
  BOOST_TEST(few.join(process(node("b", 1, {"C.one", "C.two"}), 2), at(0s)).has_value());
  BOOST_TEST(few.join(process(node("c", 1, {"C.one", "C.three"}), 3), at(0s)).has_error());
  BOOST_TEST(few.counts().nodes == 1U);
}

BOOST_AUTO_TEST_CASE(default_name_gets_the_lowest_free_suffix) {
  fixture f;
  BOOST_TEST(f.registry.join(default_name(1), at(0s))->name == "host");
  auto const second = *f.registry.join(default_name(2), at(0s));
  BOOST_TEST(second.name == "host#2");
  BOOST_TEST(f.registry.join(default_name(3), at(0s))->name == "host#3");
  f.registry.leave(second.id);
  BOOST_TEST(f.registry.join(default_name(4), at(0s))->name == "host#2");
  BOOST_TEST(f.registry.join(default_name(5), at(0s))->name == "host#4");
}

BOOST_AUTO_TEST_CASE(rejoining_process_replaces_itself_and_keeps_its_name) {
  fixture f;
  f.join(default_name(1));
  auto const before = f.registry.join(default_name(2), at(0s)).value();
  auto const after = f.registry.join(default_name(2), at(1s)).value();
  BOOST_TEST(after.name == "host#2");
  BOOST_REQUIRE(after.replaced.has_value());
  BOOST_TEST(*after.replaced == before.id);
  BOOST_TEST(after.id != before.id);
  BOOST_TEST(f.registry.counts().nodes == 2U);
  // Late events of the old connection have no effect.
  f.registry.heard(before.id, at(2s));
  f.registry.leave(before.id);
  BOOST_TEST(f.registry.counts().nodes == 2U);
}

BOOST_AUTO_TEST_CASE(restarted_process_replaces_its_suspect_predecessor) {
  fixture f;
  auto const old_stay = f.join(process(node("ws07", 1, {"Arith.sum"}), 1));
  f.registry.tick(at(0s));
  f.registry.tick(at(1s));
  f.registry.tick(at(2s));
  f.registry.tick(at(3s));
  BOOST_TEST(f.registry.state(old_stay).value() == dist::node_state::suspect);
  auto const out = f.registry.join(process(node("ws07", 1, {"Arith.sum"}), 2), at(3s)).value();
  BOOST_TEST(out.replaced.value() == old_stay);
  BOOST_TEST(out.name == "ws07");
  BOOST_TEST(f.submit().node == out.id);
}

BOOST_AUTO_TEST_CASE(go_node_that_registers_again_counts_as_new) {
  fixture f;
  auto const first = f.join(go_node("10.0.0.1:4000", 1));
  f.registry.unknown_method(first, f.sum);
  BOOST_TEST(!f.registry.available(f.sum));
  auto const out = f.registry.join(go_node("10.0.0.1:4000", 1), at(1s)).value();
  BOOST_TEST(out.replaced.value() == first);
  BOOST_TEST(f.registry.available(f.sum));
}

BOOST_AUTO_TEST_CASE(invalid_node_info_is_rejected) {
  fixture f;
  BOOST_TEST((f.registry.join(node("a", 0, {}), at(0s)).error().code == dist::errc::limit_exceeded));
  BOOST_TEST((f.registry.join(node("a", 4'000'000'000U, {}), at(0s)).error().code == dist::errc::limit_exceeded));
  BOOST_TEST((f.registry.join(node("", 1, {}), at(0s)).error().code == dist::errc::denied));
  BOOST_TEST(f.registry.join(node("a", 1, {"X.y", "X.y"}), at(0s)).has_value());
}

BOOST_AUTO_TEST_CASE(node_ids_are_never_reused) {
  fixture f;
  std::vector<dist::node_id> seen;
  for (int n = 0; n < 100; ++n) {
    auto const id = f.join("a", 1);
    BOOST_TEST((std::ranges::find(seen, id) == seen.end()));
    seen.push_back(id);
    f.registry.leave(id);
    BOOST_TEST(!f.registry.state(id).has_value());
  }
}

BOOST_AUTO_TEST_CASE(leaving_node_does_not_change_the_queue) {
  fixture f;
  auto const a = f.join("a", 1);
  auto held = f.submit(1).held;
  f.submit(2);
  f.registry.leave(a);
  BOOST_TEST(f.registry.counts().queued == 1U);
  BOOST_TEST(!f.registry.next());
}

BOOST_AUTO_TEST_SUITE_END()
