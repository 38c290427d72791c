#include "rpc/service_support.hpp"

using dist::test::make_call;
using dist::test::Plain;
using dist::test::pool;
using dist::test::start;
using dist::test::value_of;

namespace {

struct Counted {
  static inline std::atomic<int> made = 0;
  Counted() { ++made; }
  int get() const { return 1; }
};
BOOST_DESCRIBE_STRUCT(Counted, (), (get))

struct Only {
  explicit Only(std::string t) : text(std::make_unique<std::string>(std::move(t))) {}
  std::string get() const { return *text; }
  std::unique_ptr<std::string> text;
};
BOOST_DESCRIBE_STRUCT(Only, (), (get))

struct Fixed {
  explicit Fixed(int v) : value(v) {}
  Fixed(Fixed&&) = delete;
  int get() const { return value; }
  int value;
};
BOOST_DESCRIBE_STRUCT(Fixed, (), (get))

namespace other {
struct Counted {
  int get() const { return 2; }
};
BOOST_DESCRIBE_STRUCT(Counted, (), (get))
}  // namespace other

std::string text_of(dist::service_table& table, std::string_view name) {
  pool on(1);
  return value_of<std::string>(start(table, name, make_call(), on).get());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(service_list)

BOOST_AUTO_TEST_CASE(each_table_makes_its_own_objects) {
  Counted::made = 0;
  auto const list = dist::services<Counted, Plain>() + dist::service<Fixed>([] { return Fixed(3); });
  auto const described = list.methods();
  BOOST_TEST(Counted::made == 0);
  BOOST_TEST(described.front().name == "Counted.get");
  BOOST_TEST(described.front().repeatable);
  BOOST_TEST(described.back().name == "Fixed.get");
  auto const table = list.make();
  BOOST_TEST(Counted::made == 1);
  BOOST_TEST(table.methods().size() == described.size());
  list.make();
  BOOST_TEST(Counted::made == 2);
}

BOOST_AUTO_TEST_CASE(object_that_cannot_be_copied_serves_one_node) {
  auto const list = dist::services(Only("here"));
  auto const copy = list;
  auto table = list.make();
  BOOST_TEST(text_of(table, "Only.get") == "here");
  BOOST_CHECK_EXCEPTION(copy.make(), std::logic_error,
                        [](auto const& e) { return std::string(e.what()).find("Only") != std::string::npos; });
}

BOOST_AUTO_TEST_CASE(factory_keeps_its_captures) {
  auto const list = [] { return dist::service<Only>([big = std::string(1000, 'x')] { return Only(big); }); }();
  auto first = list.make();
  auto second = list.make();
  BOOST_TEST(text_of(first, "Only.get") == std::string(1000, 'x'));
  BOOST_TEST(text_of(second, "Only.get") == std::string(1000, 'x'));
}

BOOST_AUTO_TEST_CASE(exception_of_a_factory_keeps_its_message) {
  auto const list = dist::service<Counted>([]() -> Counted { throw std::runtime_error("no licence"); });
  BOOST_CHECK_EXCEPTION(list.make(), std::runtime_error,
                        [](auto const& e) { return std::string(e.what()) == "no licence"; });
}

BOOST_AUTO_TEST_CASE(two_classes_of_one_name_are_rejected) {
  auto const named = [](auto const& e) { return std::string(e.what()).find("Counted") != std::string::npos; };
  BOOST_CHECK_EXCEPTION((dist::services<Counted>() + dist::services<other::Counted>()), std::invalid_argument, named);
  auto list = dist::services<Counted>();
  BOOST_CHECK_EXCEPTION(list += list, std::invalid_argument, named);
}

BOOST_AUTO_TEST_SUITE_END()
