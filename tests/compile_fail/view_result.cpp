#include <dist/dist.hpp>

#include <string>
#include <string_view>

struct Names {
#ifdef FIXED
  dist::task<std::string> first() const { co_return text; }
#else
  dist::task<std::string_view> first() const { co_return text; }
#endif
  std::string text;
};
BOOST_DESCRIBE_STRUCT(Names, (), (first))

auto const list = dist::services<Names>();
