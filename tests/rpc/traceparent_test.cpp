#include <dist/rpc/detail/traceparent.hpp>

#include <boost/test/unit_test.hpp>
#include <dist/rpc/detail/request_options.hpp>
#include <string>

using dist::is_traceparent;

BOOST_AUTO_TEST_CASE(traceparent_follows_the_w3c_format) {
  std::string const good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  BOOST_TEST(is_traceparent(good));
  BOOST_TEST(is_traceparent("01" + good.substr(2) + "-what-later-versions-add"));
  std::string const bad_ones[] = {
      "",
      good.substr(1),
      good + "-",
      good + "0",
      "ff" + good.substr(2),
      "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
      "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
      "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
      "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
      "01" + good.substr(2) + "x",
      "01" + good.substr(2) + "-" + std::string(300, 'a'),
      "01" + good.substr(2) + "-a\nb",
  };
  for (auto const& bad : bad_ones)
    BOOST_TEST(!is_traceparent(bad), bad);
}

BOOST_AUTO_TEST_CASE(invalid_traceparent_is_omitted) {
  dist::request_options sent;
  sent.traceparent = "nonsense";
  dist::buffer cbor;
  BOOST_TEST(encode(sent, cbor) == "");
  dist::request_options got;
  BOOST_TEST(decode(cbor.bytes(), got) == "");
  BOOST_TEST(!got.traceparent);
}
