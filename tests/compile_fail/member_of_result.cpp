#include <dist/dist.hpp>
#include <map>

struct Inner {
  int value = 0;
};
#ifdef FIXED
BOOST_DESCRIBE_STRUCT(Inner, (), (value))
#endif

struct Report {
  std::map<std::string, Inner> parts;
};
BOOST_DESCRIBE_STRUCT(Report, (), (parts))

struct Store {
  Report report() const { return {}; }
};
BOOST_DESCRIBE_STRUCT(Store, (), (report))

dist::task<std::size_t> call(dist::cluster& cluster) {
  auto report = co_await dist::call<&Store::report>(cluster);
  co_return report.parts.size();
}
