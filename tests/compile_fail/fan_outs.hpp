#pragma once

#include <dist/dist.hpp>
#include <utility>
#include <vector>

struct Shop {
  std::int64_t price(std::int64_t id) const;
  std::int64_t total(std::int64_t id, std::int64_t count) const;
  void close(std::int64_t id) const;
};
BOOST_DESCRIBE_STRUCT(Shop, (), (price, total, close))
