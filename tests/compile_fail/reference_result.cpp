#include <dist/dist.hpp>

#include <string>

struct Names {
#ifdef FIXED
  std::string first() const { return text; }
#else
  std::string const& first() const { return text; }
#endif
  std::string text;
};
BOOST_DESCRIBE_STRUCT(Names, (), (first))

static_assert(dist::method_traits<&Names::first>::is_const);
