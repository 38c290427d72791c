#include <dist/runtime/local_cluster.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <dist/rpc/cpu_count.hpp>
#include <dist/rpc/event.hpp>
#include <dist/rpc/task_group.hpp>
#include <fstream>

#include "alarm.hpp"
#include "back_off.hpp"
#include "child_process.hpp"
#include "embedded.hpp"
#include "listing.hpp"

namespace dist {
namespace {

/// How long node processes may take to end after their master has said goodbye.
constexpr auto patience = std::chrono::seconds(2);

std::vector<std::string> own_arguments() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> arguments;
  for (std::string one; std::getline(file, one, '\0');) arguments.push_back(one);
  return arguments;
}

std::string make_secret(entropy& chance) {
  std::byte bytes[32];
  chance.fill(bytes);
  std::string text;
  for (auto const byte : bytes) {
    constexpr char digits[] = "0123456789abcdef";
    text.push_back(digits[std::to_integer<unsigned>(byte) >> 4]);
    text.push_back(digits[std::to_integer<unsigned>(byte) & 15]);
  }
  return text;
}

/// A file without a name that holds the secret: inherited, it is on no command line, in no environment, on no disk.
int secret_descriptor(std::string const& secret) {
  auto const fd = ::memfd_create("dist", MFD_CLOEXEC);
  if (fd < 0 || ::write(fd, secret.data(), secret.size()) != static_cast<ssize_t>(secret.size()))
    throw std::system_error(errno, std::generic_category(), "cannot hand the secret to the node processes");
  return fd;
}

}  // namespace

class local_cluster::impl {
 public:
  impl(seams const& world, local_options options)
      : world_(world),
        options_(std::move(options)),
        tasks_(world.io.get_executor()),
        secret_(make_secret(world.entropy)),
        secret_descriptor_(secret_descriptor(secret_)),
        master_(world, options_for_master()) {
    if (options_.processes == 0) options_.processes = default_slots();
    if (options_.arguments.empty()) options_.arguments = own_arguments();
  }
  ~impl() {
    forget_kill_timer();
    ::close(secret_descriptor_);
  }

  task<void> run() {
    tasks_.spawn(master_.run());
    for (std::size_t i = 0; i < options_.processes; ++i) tasks_.spawn(keep_node(i));
    co_await tasks_.join();
    forget_kill_timer();
  }
  void stop() noexcept {
    if (std::exchange(stopping_, true)) return;
    master_.stop();
    kill_timer_ = world_.clock.schedule(world_.clock.now() + patience, [this] {
      kill_timer_ = timer_id::none;
      for (auto* child : children_) child->signal(SIGKILL);
    });
    for (auto* pause : pauses_) pause->set();
  }
  dist::master& master() noexcept { return master_; }
  std::size_t process_count() const noexcept { return options_.processes; }

 private:
  master_options options_for_master() const {
    auto made = options_.master;
    made.listen = {"127.0.0.1", 0};
    made.secret = secret_;
    return made;
  }

  /// One node's process, started again when it dies.
  task<void> keep_node(std::size_t number) {
    for (unsigned failures = 0; !stopping_; ++failures) {
      child_process child(world_.io, options_.arguments,
                          embedded_environment(master_.local_address(), secret_descriptor_, number, options_.slots,
                                               options_.log_level),
                          secret_descriptor_);
      auto const started = world_.clock.now();
      exit_report ended;
      {
        listing const known(children_, child);
        ended = co_await child.wait();
      }
      if (stopping_) break;
      world_.log.warn("node process " + std::to_string(child.id()) + " ended: " + to_text(ended) +
                      "; starting another");
      if (world_.clock.now() - started > std::chrono::seconds(10)) failures = 0;
      if (failures > 0) co_await pause(pause_before_retry(failures, world_.entropy));
    }
  }

  void forget_kill_timer() noexcept {
    if (kill_timer_ != timer_id::none) world_.clock.cancel(std::exchange(kill_timer_, timer_id::none));
  }

  /// Ends early when the cluster stops.
  task<void> pause(duration time) {
    event over;
    alarm const end(world_.clock, time, over);
    listing const known(pauses_, over);
    co_await over.wait();
  }

  seams world_;
  local_options options_;
  task_group tasks_;
  std::string secret_;
  int secret_descriptor_;
  dist::master master_;
  std::vector<child_process*> children_;
  std::vector<event*> pauses_;
  timer_id kill_timer_ = timer_id::none;
  bool stopping_ = false;
};

local_cluster::local_cluster(seams const& world, local_options options)
    : impl_(std::make_unique<impl>(world, std::move(options))) {}
local_cluster::~local_cluster() = default;
task<void> local_cluster::run() { return impl_->run(); }
void local_cluster::stop() noexcept { impl_->stop(); }
cluster local_cluster::calls() const { return impl_->master().calls(); }
std::size_t local_cluster::process_count() const noexcept { return impl_->process_count(); }

}  // namespace dist
