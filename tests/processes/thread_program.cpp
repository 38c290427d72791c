// An embedded cluster whose nodes are started by a thread that ends before they do.
#include <asio/co_spawn.hpp>
#include <dist/dist.hpp>
#include <dist/runtime/local_cluster.hpp>
#include <dist/runtime/system_world.hpp>
#include <iostream>
#include <set>
#include <thread>
#include <unistd.h>

namespace {

struct Work {
  std::int64_t pid() const { return ::getpid(); }
};
BOOST_DESCRIBE_STRUCT(Work, (), (pid))

dist::task<std::set<std::int64_t>> pids(dist::cluster on) {
  auto const all = co_await dist::broadcast<&Work::pid>(on);
  std::set<std::int64_t> found;
  for (auto const& one : all)
    if (one.value) found.insert(*one.value);
  co_return found;
}

/// Runs the io_context on this thread until the call is answered.
std::set<std::int64_t> ask(dist::system_world& world, dist::cluster const& on) {
  std::set<std::int64_t> answer;
  bool done = false;
  asio::co_spawn(world.io(), pids(on), [&](std::exception_ptr, std::set<std::int64_t> found) {
    answer = std::move(found);
    done = true;
  });
  while (!done) world.io().run_one();
  return answer;
}

}  // namespace

int main() {
  if (auto const code = dist::serve_if_embedded(dist::services<Work>())) return *code;
  dist::system_world world(1);
  dist::local_options options;
  options.processes = 2;
  options.master.services = dist::services<Work>();
  dist::local_cluster local(world, options);
  bool ended = false;
  asio::co_spawn(world.io(), local.run(), [&](std::exception_ptr) { ended = true; });
  std::set<std::int64_t> before;
  std::thread([&] { before = ask(world, local.calls()); }).join();
  auto const after = ask(world, local.calls());
  local.stop();
  while (!ended) world.io().run_one();
  if (before.size() == 2 && before == after) return 0;
  std::cerr << before.size() << " nodes before, " << after.size() << " after, not the same\n";
  return 1;
}
