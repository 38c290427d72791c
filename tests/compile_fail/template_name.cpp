#include <dist/dist.hpp>

#include <string_view>

template <class T>
struct Store {
  T get() const { return {}; }
};
BOOST_DESCRIBE_STRUCT(Store<int>, (), (get))
#ifdef FIXED
template <>
inline constexpr std::string_view dist::service_name<Store<int>> = "Store";
#endif

auto const list = dist::services<Store<int>>();
