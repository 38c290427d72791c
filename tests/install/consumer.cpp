#include <dist/rpc/fault.hpp>
#include <iostream>

int main() {
  auto what = dist::make_fault(dist::errc::method_failed, "it broke");
  std::cout << dist::to_text(what) << '\n';
  return what.message == "it broke" ? 0 : 1;
}
