#include <dist/dist.hpp>

struct Report {
#ifdef FIXED
  Report() = default;
#endif
  explicit Report(int n) : count(n) {}
  int count = 0;
};
BOOST_DESCRIBE_STRUCT(Report, (), (count))

struct Store {
  std::vector<Report> report() const { return {Report(1)}; }
};
BOOST_DESCRIBE_STRUCT(Store, (), (report))

dist::task<std::size_t> call(dist::cluster& cluster) {
  auto reports = co_await dist::call<&Store::report>(cluster);
  co_return reports.size();
}
