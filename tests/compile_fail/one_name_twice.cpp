#include <dist/dist.hpp>

namespace a {
struct Store {
  int count() const { return 1; }
};
BOOST_DESCRIBE_STRUCT(Store, (), (count))
}  // namespace a

namespace b {
struct Store {
  int count() const { return 2; }
};
BOOST_DESCRIBE_STRUCT(Store, (), (count))
}  // namespace b

#ifdef FIXED
template <>
inline constexpr std::string_view dist::service_name<b::Store> = "Shelf";
#endif

auto const list = dist::services<a::Store, b::Store>();
