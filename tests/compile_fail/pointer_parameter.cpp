#include <dist/dist.hpp>

#include <string>

struct Names {
#ifdef FIXED
  int size(std::string const& text) const { return static_cast<int>(text.size()); }
#else
  int size(char const* text) const { return *text; }
#endif
};
BOOST_DESCRIBE_STRUCT(Names, (), (size))

auto const list = dist::services<Names>();
