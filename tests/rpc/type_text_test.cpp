#include <boost/test/unit_test.hpp>
#include <deque>
#include <dist/rpc/detail/type_text.hpp>
#include <list>
#include <map>
#include <set>

namespace {

enum class color { red, green };
BOOST_DESCRIBE_ENUM(color, red, green)
enum class bare : std::uint16_t {};

struct range {
  std::int64_t start;
  std::int64_t end;
};
BOOST_DESCRIBE_STRUCT(range, (), (start, end))
struct labelled : range {
  std::optional<std::string> label;
};
BOOST_DESCRIBE_STRUCT(labelled, (range), (label))
struct tree {
  std::string name;
  std::vector<tree> children;
};
BOOST_DESCRIBE_STRUCT(tree, (), (name, children))
struct chain {
  range here;
  std::unique_ptr<chain> next;
};
BOOST_DESCRIBE_STRUCT(chain, (), (here, next))
struct nothing {};
BOOST_DESCRIBE_STRUCT(nothing, (), ())
struct undescribed {};
struct holds_undescribed {
  undescribed inner;
};
BOOST_DESCRIBE_STRUCT(holds_undescribed, (), (inner))
struct hides : range {
  int start;
};
BOOST_DESCRIBE_STRUCT(hides, (range), (start))

static_assert(dist::value_type<chain>);
static_assert(dist::value_type<std::map<std::string, std::vector<tree>>>);
static_assert(dist::value_type<std::span<double const>>);
static_assert(!dist::value_type<undescribed>);
static_assert(!dist::value_type<holds_undescribed>);
static_assert(!dist::value_type<std::vector<undescribed>>);
static_assert(!dist::value_type<int*>);
static_assert(!dist::value_type<char const*>);
static_assert(!dist::value_type<std::tuple<int, long double>>);
static_assert(!dist::value_type<std::optional<std::optional<int>>>);
static_assert(!dist::value_type<std::optional<std::unique_ptr<int>>>);
static_assert(!dist::value_type<hides>);
static_assert(dist::refused_part_of<std::vector<int*>>::why == dist::refusal::pointer);

template <class T>
void check(std::string_view text) {
  BOOST_TEST(dist::type_text<T>() == text);
  BOOST_TEST(dist::type_mismatch(text, text) == "");
  // Texts that differ in a compatible part take the slow path of the comparison.
  BOOST_TEST(dist::type_mismatch("tuple<" + std::string(text) + ",double>", "tuple<" + std::string(text) + ",float>") ==
             "");
}

}  // namespace

BOOST_AUTO_TEST_CASE(type_texts_describe_the_structure) {
  check<bool>("bool");
  check<char>(std::is_signed_v<char> ? "int8" : "uint8");
  check<long>("int64");
  check<unsigned long long>("uint64");
  check<std::int16_t>("int16");
  check<float>("float");
  check<std::string>("text");
  check<std::string_view>("text");
  check<std::vector<std::byte>>("bytes");
  check<std::array<std::uint8_t, 4>>("bytes<4>");
  check<std::span<double const>>("list<double>");
  check<std::deque<std::int32_t>>("list<int32>");
  check<std::multiset<std::string>>("list<text>");
  check<std::vector<bool>>("list<bool>");
  check<std::array<std::int32_t, 3>>("list<int32,3>");
  check<std::pair<int const, std::string>>("tuple<int32,text>");
  check<std::tuple<>>("tuple<>");
  check<std::complex<float>>("tuple<float,float>");
  check<std::variant<std::monostate, double, color>>("variant<null,double,enum{red,green}>");
  check<std::map<std::string, bare>>("map<text,uint16>");
  check<std::chrono::nanoseconds>("duration<int64,1/1000000000>");
  check<std::chrono::duration<double>>("duration<double,1/1>");
  check<range>("{start:int64,end:int64}");
  check<labelled>("{start:int64,end:int64,label:optional<text>}");
  check<tree>("{name:text,children:list<^0>}");
  check<chain>("{here:{start:int64,end:int64},next:optional<^0>}");
  check<nothing>("{}");
  check<boost::json::value>("any");
}

BOOST_AUTO_TEST_CASE(mismatch_is_reported_only_if_the_reader_cannot_hold_the_value) {
  struct {
    char const* reader;
    char const* writer;
    char const* why;
  } const cases[] = {
      {"int64", "int32", ""},
      {"int64", "uint32", ""},
      {"int64", "uint64", "uint64 is sent where int64 is read"},
      {"uint64", "int8", "int8 is sent where uint64 is read"},
      {"int32", "int64", "int64 is sent where int32 is read"},
      {"double", "float", ""},
      {"double", "int32", ""},
      {"double", "int64", "int64 is sent where double is read"},
      {"float", "double", "double is sent where float is read"},
      {"float", "uint16", ""},
      {"optional<int64>", "int64", ""},
      {"optional<int64>", "optional<int8>", ""},
      {"int64", "optional<int64>", "optional<int64> is sent where int64 is read"},
      {"list<int64>", "list<int32,3>", ""},
      {"list<int32,3>", "list<int32>", "list<int32> is sent where list<int32,3> is read"},
      {"bytes", "bytes<4>", ""},
      {"bytes", "list<uint8>", ""},
      {"bytes<4>", "bytes<5>", "bytes<5> is sent where bytes<4> is read"},
      {"bytes", "text", "text is sent where bytes is read"},
      {"{a:int64}", "{b:text,a:int32}", ""},
      {"{a:int64,b:optional<text>}", "{a:int64}", ""},
      {"{a:int64,b:text}", "{a:int64}", "member b is read and not written"},
      {"{a:{b:int8}}", "{a:{b:text}}", "member a.b: text is sent where int8 is read"},
      {"enum{a,b}", "enum{b}", ""},
      {"enum{a}", "enum{a,b}", "the enumerator b is sent but not known here"},
      {"variant<int8,text>", "variant<int8>", ""},
      {"variant<int8>", "variant<int8,text>", "variant<int8,text> is sent where variant<int8> is read"},
      {"tuple<int8,int8>", "tuple<int8>", "tuple<int8> is sent where tuple<int8,int8> is read"},
      {"map<text,double>", "map<text,float>", ""},
      {"duration<int64,1/1000>", "duration<int32,1/1000>", ""},
      {"duration<int64,1/1000>", "duration<int64,1/1>",
       "duration<int64,1/1> is sent where duration<int64,1/1000> is read"},
      {"any", "{a:int8}", ""},
      {"{a:int8}", "any", ""},
      {"{n:text,c:list<^0>}", "{c:list<^0>,n:text}", ""},
      {"{n:text,c:list<^0>}", "{n:text,c:list<{n:text,c:list<^0>}>}", ""},
      {"{n:text,c:list<^0>}", "{n:text,c:list<{n:text,c:list<^0>,x:int8}>}", ""},
      {"{n:text,c:list<^0>}", "{n:text,c:list<{n:int8,c:list<^0>}>}", "member c.n: int8 is sent where text is read"},
      {"int8", "list<", "not a type: list<"},
      {"int8", "^0", "not a type: ^0"},
      {"", "int8", "not a type: "},
      {"{a:int8}", "{a:int8", "not a type: {a:int8"},
      {"{a:int8}", "{a:int8}}", "not a type: {a:int8}}"},
  };
  for (auto const& one : cases)
    BOOST_TEST(dist::type_mismatch(one.reader, one.writer) == one.why, one.reader << " <- " << one.writer);
}

BOOST_AUTO_TEST_CASE(too_deep_or_too_wide_type_texts_are_rejected) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "list<";
  BOOST_TEST(dist::type_mismatch("int8", deep).starts_with("not a type"));
  std::string wide = "{a:int8";
  for (int i = 0; i < 20'000; ++i) wide += ",m" + std::to_string(i) + ":int8";
  BOOST_TEST(dist::type_mismatch(wide + "}", wide + ",z:int8}").ends_with("the types are too large to compare"));
}
