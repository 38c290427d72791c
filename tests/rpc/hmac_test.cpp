#include <dist/rpc/detail/buffer.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/stat.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/hex.hpp"
#include "wire/hmac.hpp"
#include "wire/secret.hpp"

namespace {

std::string hmac(std::string_view key, std::string_view data) {
  return dist::to_hex(dist::hmac_sha256(dist::as_bytes(key), dist::as_bytes(data)));
}

/// A file that is removed with the test.
class temporary_file {
 public:
  explicit temporary_file(std::string_view content, mode_t mode = 0600) {
    auto pattern = (std::filesystem::temp_directory_path() / "dist_secret_XXXXXX").string();
    auto const fd = ::mkstemp(pattern.data());
    BOOST_TEST_REQUIRE(fd >= 0);
    std::FILE* file = ::fdopen(fd, "w");
    std::fwrite(content.data(), 1, content.size(), file);
    std::fclose(file);
    path = pattern;
    ::chmod(path.c_str(), mode);
  }
  ~temporary_file() { std::filesystem::remove(path); }
  std::string path;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(hmac_and_secret)

BOOST_AUTO_TEST_CASE(digests_match_rfc_4231) {
  std::string counted;
  for (char c = 1; c <= 25; ++c) counted += c;
  BOOST_TEST(hmac(std::string(20, '\x0b'), "Hi There") ==
             "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  BOOST_TEST(hmac("Jefe", "what do ya want for nothing?") ==
             "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  BOOST_TEST(hmac(std::string(20, '\xaa'), std::string(50, '\xdd')) ==
             "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  BOOST_TEST(hmac(counted, std::string(50, '\xcd')) ==
             "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
  BOOST_TEST(hmac(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First") ==
             "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  BOOST_TEST(
      hmac(std::string(131, '\xaa'),
           "This is a test using a larger than block-size key and a larger than block-size data. The key needs to "
           "be hashed before being used by the HMAC algorithm.") ==
      "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
  BOOST_TEST(hmac("", "") == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

BOOST_AUTO_TEST_CASE(constant_time_comparison_compares_all_bytes) {
  auto const equal = [](std::string_view a, std::string_view b) {
    return dist::equal_in_constant_time(dist::as_bytes(a), dist::as_bytes(b));
  };
  BOOST_TEST(equal("", ""));
  BOOST_TEST(equal("abc", "abc"));
  BOOST_TEST(!equal("abc", "abd"));
  BOOST_TEST(!equal("abc", "ab"));
}

BOOST_AUTO_TEST_CASE(trailing_line_break_of_a_secret_is_ignored) {
  temporary_file const file("0123456789abcdef with space \r\n");
  BOOST_TEST(dist::read_secret_file(file.path).value() == "0123456789abcdef with space ");
  temporary_file const read_only("0123456789abcdef", 0400);
  BOOST_TEST(dist::read_secret_file(read_only.path).value() == "0123456789abcdef");
}

BOOST_AUTO_TEST_CASE(unsuitable_secret_file_is_rejected_with_advice) {
  struct {
    std::string content;
    mode_t mode;
    std::string_view said;
  } const cases[] = {
      {"0123456789abcdef", 0640, "chmod 600 "},
      {"0123456789abcdef", 0604, "chmod 600 "},
      {"0123456789abcdef", 0620, "chmod 600 "},
      {"", 0600, "empty"},
      {"\n", 0600, "empty"},
      {"0123456789abcde\n", 0600, "15 bytes"},
      {std::string(4097, 'x'), 0600, "4096"},
      {std::string(100'000, 'x'), 0600, "4096"},
  };
  for (auto const& c : cases) {
    temporary_file const file(c.content, c.mode);
    auto const secret = dist::read_secret_file(file.path);
    BOOST_TEST_REQUIRE(secret.has_error());
    BOOST_TEST((secret.error().code == dist::errc::denied));
    auto const& message = secret.error().message;
    BOOST_TEST(message.find(c.said) != message.npos, message);
    BOOST_TEST(message.find(file.path) != message.npos, message);
    BOOST_TEST((c.content.empty() || message.find(c.content) == message.npos || c.content == "\n"), "leaks the secret");
  }
  BOOST_TEST(dist::read_secret_file("/nonexistent/secret").error().message.find("dist secret /nonexistent/secret") != std::string::npos);
  BOOST_TEST(dist::read_secret_file("/").error().message.find("not a regular file") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
