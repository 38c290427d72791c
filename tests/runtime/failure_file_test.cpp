#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>
#include <dist/rpc/detail/codec.hpp>

#include "record/failure_file.hpp"

using namespace dist;

namespace {

call_ptr call_of(method_key const& method, buffer arguments) {
  call_ptr const call(new call_record);
  call->method = &method;
  call->arguments = std::move(arguments);
  return call;
}

method_key const price{"Pricer.price", true, nullptr};

}  // namespace

BOOST_AUTO_TEST_SUITE(failure_lines)

BOOST_AUTO_TEST_CASE(line_contains_the_fault_and_the_arguments) {
  buffer arguments;
  BOOST_TEST(encode_arguments(codec::cbor, spelling::declared, arguments, 17, std::string("a\nb")).empty());
  auto what = make_fault(errc::method_failed, "no \"price\"\n");
  what.method = price.name;
  what.node = "ws07";
  auto const line = failure_line(*call_of(price, std::move(arguments)), what);
  BOOST_TEST(line == R"({"method":"Pricer.price","code":"method_failed","message":"no \"price\"\\n","node":"ws07",)"
                     R"("known":"executed","arguments":[17,"a\nb"]})"
                     "\n");
}

BOOST_AUTO_TEST_CASE(large_or_non_json_arguments_are_shown_as_a_size) {
  buffer large;
  BOOST_TEST(encode_arguments(codec::cbor, spelling::declared, large, std::string(100'000, 'x')).empty());
  buffer broken;
  broken.append(as_bytes("\xFF\xFF"));
  for (auto* const arguments : {&large, &broken}) {
    auto const size = arguments->size();
    auto const line = failure_line(*call_of(price, std::move(*arguments)), make_fault(errc::deadline_exceeded, ""));
    auto const read = boost::json::parse(line).as_object();
    BOOST_TEST(read.at("argument_bytes").to_number<std::size_t>() == size);
    BOOST_TEST(!read.contains("arguments"));
    // Without a message of its own it has that of its code.
    BOOST_TEST(!read.at("message").as_string().empty());
  }
}

BOOST_AUTO_TEST_SUITE_END()
