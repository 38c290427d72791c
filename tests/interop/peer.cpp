// Our side of the tests with other languages: `peer master [OPTION...]` or `peer node ADDRESS [OPTION...]`, on the real
// seams. It prints its port on stdout, logs to stderr, and ends with its stdin; a line `drain` drains a node, `sum
// N...`, `half X` and `count START END` make a call from C++ and print its result.
#include <unistd.h>

#include <algorithm>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/read_until.hpp>
#include <asio/use_awaitable.hpp>
#include <boost/describe/class.hpp>
#include <dist/rpc/detail/compute_pool.hpp>
#include <dist/rpc/detail/system_clock.hpp>
#include <dist/rpc/detail/system_entropy.hpp>
#include <dist/rpc/detail/tcp_network.hpp>
#include <dist/rpc/task_group.hpp>
#include <dist/runtime/go.hpp>
#include <dist/runtime/master.hpp>
#include <dist/runtime/node.hpp>
#include <functional>
#include <iostream>
#include <numeric>
#include <optional>
#include <sstream>
#include <stdexcept>

namespace {

struct Arith {
  std::int64_t sum(std::vector<std::int64_t> const& values) const {
    return std::accumulate(values.begin(), values.end(), std::int64_t{0});
  }
  std::int64_t fail(std::int64_t) const { throw std::runtime_error("it fails on purpose"); }
  void note(std::string const&) {}
  std::int64_t next(std::int64_t by) { return count_ += by; }
  std::string trace(dist::context ctx) const { return ctx.traceparent(); }
  double half(double value) const { return value / 2; }

 private:
  std::int64_t count_ = 0;
};
BOOST_DESCRIBE_STRUCT(Arith, (), (sum, fail, note, next, trace, half))

struct range {
  std::int64_t start = 0;
  std::int64_t end = 0;
};
BOOST_DESCRIBE_STRUCT(range, (), (start, end))

struct Palindrom {
  bool check(std::int64_t value) const {
    std::int64_t reversed = 0;
    for (auto left = value; left > 0; left /= 2) reversed = reversed * 2 + left % 2;
    return reversed == value;
  }
  std::int64_t check_n(range const& within) const {
    std::int64_t count = 0;
    for (auto value = within.start; value < within.end; ++value) count += check(value) ? 1 : 0;
    return count;
  }
};
BOOST_DESCRIBE_STRUCT(Palindrom, (), (check, check_n))

dist::task<void> obey(std::string line, dist::cluster const* cluster, dist::node* node) {
  std::istringstream words(line);
  std::string word;
  words >> word;
  if (word == "drain" && node) node->drain();
  if (!cluster) co_return;
  try {
    if (word == "sum") {
      std::vector<std::int64_t> values;
      for (std::int64_t value = 0; words >> value;) values.push_back(value);
      auto total = dist::go<&Arith::sum>(*cluster, values);
      std::cout << co_await std::move(total) << std::endl;
    } else if (word == "half") {
      double value = 0;
      words >> value;
      auto half = dist::go<&Arith::half>(*cluster, value);
      std::cout << dist::floating_text(co_await std::move(half)) << std::endl;
    } else if (word == "count") {
      range within;
      words >> within.start >> within.end;
      auto total = dist::go<&Palindrom::check_n>(*cluster, within);
      std::cout << co_await std::move(total) << std::endl;
    }
  } catch (dist::call_error const& e) {
    std::cout << "error " << dist::to_text(e.fault().code) << ": " << e.fault().message << std::endl;
  }
}

dist::task<void> read_lines(asio::posix::stream_descriptor input, dist::cluster const* cluster, dist::node* node,
                            std::function<void()> stop) {
  std::string text;
  try {
    for (;;) {
      auto const count = co_await asio::async_read_until(input, asio::dynamic_buffer(text), '\n', asio::use_awaitable);
      co_await obey(text.substr(0, count), cluster, node);
      text.erase(0, count);
    }
  } catch (std::system_error const&) {
    // stdin has ended, or we have.
  }
  stop();
}

/// Reads until `run` ends.
dist::task<void> serve(dist::task<void> run, dist::task_group& reading) {
  std::exception_ptr failed;
  try {
    co_await std::move(run);
  } catch (...) {
    failed = std::current_exception();
  }
  reading.stop();
  co_await reading.join();
  if (failed) std::rethrow_exception(failed);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  auto const option = [&](std::string const& name) -> std::optional<std::string> {
    auto const found = std::find(words.begin(), words.end(), name);
    if (found == words.end() || found + 1 == words.end()) return std::nullopt;
    return *(found + 1);
  };
  if (words.empty() || (words[0] == "node" && words.size() < 2)) return 2;
  asio::io_context io;
  dist::log log(option("--log") == "debug" ? dist::log_level::debug : dist::log_level::info);
  dist::system_clock clock(io);
  dist::tcp_network network(io, clock, log);
  dist::compute_pool compute(2);
  dist::system_entropy entropy;
  dist::seams world{io, clock, network, compute, entropy, log};
  auto const services = dist::services<Arith, Palindrom>();
  auto const beat = std::chrono::milliseconds(std::stoi(option("--heartbeat-ms").value_or("1000")));
  int status = 0;
  try {
    std::optional<dist::master> master;
    std::optional<dist::node> node;
    std::optional<dist::cluster> cluster;
    if (words[0] == "master") {
      dist::master_options options;
      options.listen = dist::parse_address(option("--listen").value_or("localhost:0")).value();
      options.secret = option("--secret").value_or("");
      options.heartbeat = beat;
      options.lost_after = 10 * beat;
      options.node_wait = std::chrono::milliseconds(std::stoi(option("--node-wait-ms").value_or("10000")));
      master.emplace(world, options);
      cluster.emplace(master->calls());
      std::cout << master->local_address().port << std::endl;
    } else {
      dist::node_options options;
      options.master = dist::parse_address(words[1]).value();
      options.name = option("--name").value_or("peer");
      options.secret = option("--secret").value_or("");
      options.heartbeat = beat;
      node.emplace(world, options, services);
      std::cout << "started" << std::endl;
    }
    asio::posix::stream_descriptor input(io, ::dup(0));
    dist::task_group reading(io.get_executor());
    reading.spawn(read_lines(std::move(input), cluster ? &*cluster : nullptr, node ? &*node : nullptr, [&] {
      if (master) master->stop();
      if (node) node->stop();
    }));
    std::exception_ptr failed;
    auto run = master ? master->run() : node->run();
    asio::co_spawn(io, serve(std::move(run), reading), [&failed](std::exception_ptr error) { failed = error; });
    io.run();
    if (failed) std::rethrow_exception(failed);
  } catch (std::exception const& e) {
    std::cerr << "peer: " << e.what() << std::endl;
    status = 1;
  }
  compute.stop();
  return status;
}
