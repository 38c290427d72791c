#include "embedded.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdlib>
#include <dist/rpc/task_group.hpp>
#include <dist/runtime/local_cluster.hpp>
#include <dist/runtime/node.hpp>
#include <dist/runtime/system_world.hpp>
#include <sstream>

#include "build_id.hpp"
#include "leave_at_once.hpp"

namespace dist {
namespace {

constexpr char variable[] = "DIST_EMBEDDED";

struct orders {
  std::string master;
  int secret_descriptor = -1;
  std::size_t number = 0;
  std::size_t slots = 1;
  int level = 0;
  int parent = 0;
};

std::string read_secret(int descriptor) {
  // From the start: every node process shares the file's position.
  char text[256];
  auto const count = ::pread(descriptor, text, sizeof text, 0);
  ::close(descriptor);
  return count > 0 ? std::string(text, static_cast<std::size_t>(count)) : std::string();
}

task<void> serve(node& served, std::exception_ptr& failed) {
  try {
    co_await served.run();
  } catch (...) {
    failed = std::current_exception();
  }
}

int serve(orders const& given, service_list const& services) {
  // Nobody must be left over: this process goes with its parent, even if that is killed.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != given.parent) return 1;
  // Ctrl-C reaches the whole terminal; the parent decides what it means.
  ::signal(SIGINT, SIG_IGN);
  system_world world(given.slots, log(static_cast<log_level>(given.level)));
  node_options options;
  options.master = parse_address(given.master).value();
  options.name = "local" + std::to_string(given.number + 1);
  options.secret = read_secret(given.secret_descriptor);
  options.build = build_id();
  options.rejoin = false;
  node served(world, options, services);
  std::exception_ptr failed;
  task_group tasks(world.io().get_executor());
  tasks.spawn(serve(served, failed));
  world.io().run();
  if (world.is_computing()) leave_at_once(failed ? 1 : 0);
  world.join_compute();
  if (failed) std::rethrow_exception(failed);
  return 0;
}

}  // namespace

std::vector<std::string> embedded_environment(address const& master, int secret_descriptor, std::size_t number,
                                              std::size_t slots, log_level level) {
  std::ostringstream text;
  text << variable << '=' << to_text(master) << ' ' << secret_descriptor << ' ' << number << ' ' << slots << ' '
       << static_cast<int>(level) << ' ' << ::getpid();
  return {text.str()};
}

std::optional<int> serve_if_embedded(service_list const& services) {
  auto const* text = std::getenv(variable);
  if (!text) return std::nullopt;
  orders given;
  std::istringstream in(text);
  in >> given.master >> given.secret_descriptor >> given.number >> given.slots >> given.level >> given.parent;
  // What a method starts is no node of ours.
  ::unsetenv(variable);
  if (!in) return 1;
  return serve(given, services);
}

}  // namespace dist
