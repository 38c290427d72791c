#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "placement/registry.hpp"

namespace registry_test {

using namespace std::chrono_literals;

inline dist::time_point at(dist::duration since) { return dist::time_point(std::chrono::hours(1)) + since; }

inline dist::node_info node(std::string name, std::uint32_t slots, std::initializer_list<char const*> methods) {
  dist::node_info info;
  info.name = std::move(name);
  info.address = "10.0.0.1:4000";
  info.slots = slots;
  for (auto const* method : methods) info.methods.push_back({method, "", "", false, false});
  return info;
}

inline dist::node_info go_node(std::string name, std::uint32_t slots) {
  auto info = node(std::move(name), slots, {});
  info.kind = dist::node_kind::go;
  return info;
}

inline dist::node_info process(dist::node_info info, std::uint64_t incarnation) {
  info.incarnation = incarnation;
  return info;
}

inline dist::call_no call(std::uint32_t number) { return {number, 1}; }

/// A registry that knows the method Arith.sum, with short helpers for tests.
struct fixture {
  explicit fixture(dist::registry_settings settings = {}) : registry(settings), sum(*registry.intern("Arith.sum")) {}

  dist::node_id join(dist::node_info info) { return registry.join(std::move(info), at(0s)).value().id; }
  dist::node_id join(std::string name, std::uint32_t slots) {
    return join(node(std::move(name), slots, {"Arith.sum"}));
  }
  dist::call_needs needs() const {
    dist::call_needs out;
    out.method = sum;
    return out;
  }
  dist::placement submit(std::uint32_t number = 0) { return registry.submit(call(number), needs()); }
  std::uint32_t in_use(dist::node_id id) const {
    for (auto const& view : registry.nodes())
      if (view.id == id) return view.in_use;
    return 0;
  }
  std::vector<dist::assignment> drain_queue() {
    std::vector<dist::assignment> out;
    while (auto one = registry.next()) out.push_back(std::move(*one));
    return out;
  }

  dist::registry registry;
  dist::method_ref sum;
};

}  // namespace registry_test
