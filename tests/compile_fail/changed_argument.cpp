#include <dist/dist.hpp>

#include <string>

struct Names {
#ifdef FIXED
  void clear(std::string const&) const {}
#else
  void clear(std::string& text) const { text.clear(); }
#endif
};
BOOST_DESCRIBE_STRUCT(Names, (), (clear))

auto const list = dist::services<Names>();
