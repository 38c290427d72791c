#pragma once

#include <boost/describe/class.hpp>
#include <dist/dist.hpp>

// Shared by the cases about calls: a service, and a struct that is not a trivial aggregate.
struct Order {
  std::string text;
  int count = 0;
};
BOOST_DESCRIBE_STRUCT(Order, (), (text, count))

struct Arith {
  std::int64_t sum(std::vector<std::int64_t> const& values) const { return std::ssize(values); }
  std::int64_t add(std::int64_t a, std::int64_t b) const { return a + b; }
  std::string text(std::string const& what) const { return what; }
  int order(Order const& what) const { return what.count; }
  int hidden(int value) const { return value; }
  int many(int value) const { return value; }
  double many(double value) const { return value; }
};
BOOST_DESCRIBE_STRUCT(Arith, (), (sum, add, text, order))
