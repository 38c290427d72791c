#include <dist/rpc/service_list.hpp>

namespace dist {

void service_list::add(maker service) {
  for (auto const& there : makers_)
    if (go_collide(there.name, service.name))
      throw std::invalid_argument(
          "two services have the name " + there.name +
          (there.name == service.name ? "" : " and " + service.name + ", which are the same name in Go") +
          ": specialise dist::service_name for one of them");
  makers_.push_back(std::move(service));
}

service_list& service_list::operator+=(service_list const& other) {
  // A copy first: a list may be added to itself, which then is refused by name.
  auto const makers = other.makers_;
  for (auto const& one : makers) add(one);
  return *this;
}

std::vector<method_description> service_list::methods() const {
  std::vector<method_description> all;
  for (auto const& one : makers_)
    for (auto const& method : one.methods) all.push_back(method.description);
  return all;
}

service_table service_list::make() const {
  service_table table;
  for (auto const& one : makers_) table.add(one.methods, one.make());
  return table;
}

}  // namespace dist
