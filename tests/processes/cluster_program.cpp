#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <dist/dist.hpp>
#include <fstream>
#include <functional>
#include <iostream>
#include <numeric>
#include <string>
#include <thread>
#include <unistd.h>

namespace {

/// The methods under test. A call that a test needs to observe writes a line to a file that the test names.
struct Work {
  std::int64_t square(std::int64_t value) const { return value * value; }
  std::int64_t half(std::int64_t value) const {
    if (value % 2 != 0) throw std::runtime_error(std::to_string(value) + " is odd");
    return value / 2;
  }
  /// Takes a while and writes this process's id to `file`.
  std::int64_t slow(std::int64_t milliseconds, std::string const& file) const { return note_and_sleep(milliseconds, file); }
  std::int64_t slow_once(std::int64_t milliseconds, std::string const& file) { return note_and_sleep(milliseconds, file); }
  /// Runs until it is cancelled, then writes `cancelled` to `file`.
  void until_cancelled(dist::context ctx, std::string const& file) const {
    note(file, std::to_string(::getpid()));
    while (!ctx.cancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    note(file, "cancelled");
  }
  std::int64_t pid() const { return ::getpid(); }
  std::string long_text(std::size_t size) const { return std::string(size, 'x'); }
  /// Prints `text` `times` times, then ends this process by `signal`, unless that is 0.
  void print(std::string const& text, std::int64_t times, int signal) const {
    for (std::int64_t i = 0; i < times; ++i) std::cout << text;
    std::cout << std::flush;
    std::cerr << "[to stderr]\n";
    if (signal != 0) ::raise(signal);
  }
  /// Takes longer than the redraw interval of the bar; the line is not flushed.
  std::int64_t say(std::int64_t number) const {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    std::cout << "note " << number << '\n';
    return number;
  }
  void crash() const { ::_exit(9); }
  void boom(int signal) const { ::raise(signal); }
  /// Ends its process in one of several ways.
  void leave(std::string const& how) const {
    if (how == "exit") std::exit(0);
    if (how == "_exit") ::_exit(0);
  }
  void silence_once(std::string const& how) {
    if (how == "stop") ::raise(SIGSTOP);
    if (how == "close")
      for (int one = 0; one < 1024; ++one) ::close(one);
  }
  void fail(std::string const& text) const { throw std::runtime_error(text); }
  void boom_once(int signal) { ::raise(signal); }
  std::string trace(dist::context ctx) const { return ctx.traceparent(); }

 private:
  static void note(std::string const& file, std::string const& line) {
    // One write of a short line: others may append at the same time.
    std::ofstream out(file, std::ios::app);
    out << line + "\n" << std::flush;
  }
  static std::int64_t note_and_sleep(std::int64_t milliseconds, std::string const& file) {
    note(file, std::to_string(::getpid()));
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    return ::getpid();
  }
};
BOOST_DESCRIBE_STRUCT(Work, (), (square, half, slow, slow_once, until_cancelled, pid, long_text, print, say, trace, crash, boom, boom_once,
                            leave, silence_once, fail))

/// The class as in another build of the program.
namespace other {
struct Work {
  std::string square(std::string const& value) const { return value + value; }
};
BOOST_DESCRIBE_STRUCT(Work, (), (square))
}  // namespace other

Work make_work() {
  if (std::getenv("WORK_IS_BROKEN")) throw std::runtime_error("no work here");
  return {};
}

std::string word(std::vector<std::string> const& words, std::size_t index) {
  if (index >= words.size()) throw dist::usage_error("an argument is missing");
  return words[index];
}

/// A call that kills its process, and `count` neighbours of two kinds behind it; returns how many of these were
/// answered, and the outcome of the call.
dist::task<void> poison_among(dist::cluster cluster, std::size_t count) {
  auto poison = dist::try_call<&Work::boom>(cluster, SIGKILL);
  std::vector<std::tuple<std::int64_t, std::string>> const naps(count, {5, "/dev/null"});
  std::vector<std::int64_t> const numbers(count, 3);
  auto slow = dist::try_map<&Work::slow>(cluster, naps);
  auto quick = dist::try_map<&Work::square>(cluster, numbers);  // sent ahead of free slots
  auto const done = [](auto const& one) { return one.has_value(); };
  auto const slow_ones = co_await std::move(slow);
  auto const quick_ones = co_await std::move(quick);
  std::cout << std::ranges::count_if(slow_ones, done) << ' ' << std::ranges::count_if(quick_ones, done) << '\n';
  auto const died = co_await std::move(poison);
  std::cout << (died ? "it lives" : dist::to_text(died.error())) << '\n';
}

dist::task<int> job(dist::cluster& cluster, std::vector<std::string> words) {
  auto const what = word(words, 0);
  if (what == "serve") {  // for others, until stopped
    co_await cluster.wait_for_nodes(1'000'000);
  } else if (what == "sum") {
    auto const count = std::stoll(word(words, 1));
    auto const numbers = dist::chunks(std::int64_t{0}, count, std::int64_t{1});
    std::vector<std::int64_t> inputs;
    for (auto const one : numbers) inputs.push_back(one.first);
    auto sum = dist::map_reduce<&Work::square>(cluster, inputs, std::int64_t{0}, std::plus<>());
    std::cout << co_await std::move(sum) << '\n';
  } else if (what == "halves") {
    std::vector<std::int64_t> numbers(std::stoul(word(words, 1)));
    std::iota(numbers.begin(), numbers.end(), 0);
    auto halves = dist::try_map<&Work::half>(cluster, numbers);
    auto const outcomes = co_await std::move(halves);
    std::cout << std::ranges::count_if(outcomes, [](auto const& one) { return one.has_value(); }) << '\n';
  } else if (what == "poison_among") {
    co_await poison_among(cluster, std::stoul(word(words, 1)));
  } else if (what == "boom_once") {
    auto call = dist::try_call<&Work::boom_once>(cluster, SIGKILL);
    auto const died = co_await std::move(call);
    std::cout << (died ? "it lives" : dist::to_text(died.error())) << '\n';
  } else if (what == "leave") {
    auto call = dist::try_call<&Work::leave>(cluster, word(words, 1));
    auto const died = co_await std::move(call);
    std::cout << (died ? "it lives" : dist::to_text(died.error())) << '\n';
  } else if (what == "silence") {  // followed by a call that needs another process
    auto call = dist::try_call<&Work::silence_once>(cluster, word(words, 1));
    auto const lost = co_await std::move(call);
    std::cout << (lost ? "it lives" : dist::to_text(lost.error().code)) << '\n';
    auto next = dist::go<&Work::square>(cluster, 3);
    std::cout << co_await std::move(next) << '\n';
  } else if (what == "broadcast") {
    auto const all = co_await dist::broadcast<&Work::pid>(cluster);
    std::cout << all.size() << '\n';
  } else if (what == "labelled") {
    auto call = dist::go<&Work::square>(cluster, 17, dist::call_options().needs("gpu=1"));
    std::cout << co_await std::move(call) << '\n';
  } else if (what == "slow_sum") {
    std::vector<std::tuple<std::int64_t, std::string>> inputs(static_cast<std::size_t>(std::stoul(word(words, 1))),
                                                              {std::stoll(word(words, 2)), word(words, 3)});
    auto const count = [](std::int64_t sum, std::int64_t) { return sum + 1; };
    auto sum = dist::map_reduce<&Work::slow>(cluster, inputs, std::int64_t{0}, count);
    std::cout << co_await std::move(sum) << '\n';
  } else if (what == "all_once") {
    std::vector<std::tuple<std::int64_t, std::string>> const inputs(2, {0, "/dev/null"});
    auto all = dist::map<&Work::slow_once>(cluster, inputs);
    std::cout << (co_await std::move(all)).size() << '\n';
  } else if (what == "slow_once") {
    auto call = dist::go<&Work::slow_once>(cluster, std::stoll(word(words, 1)), word(words, 2));
    std::cout << co_await std::move(call) << '\n';
  } else if (what == "until_cancelled") {
    auto call = dist::go<&Work::until_cancelled>(cluster, word(words, 1));
    co_await std::move(call);
  } else if (what == "print") {
    auto const times = std::stoll(word(words, 2));
    auto call = dist::try_call<&Work::print>(cluster, word(words, 1), times, std::stoi(word(words, 3)));
    auto const ended = co_await std::move(call);
    std::cout << (ended ? "printed" : dist::to_text(ended.error())) << '\n';
  } else if (what == "bar") {
    std::vector<std::int64_t> numbers(std::stoul(word(words, 1)));
    std::iota(numbers.begin(), numbers.end(), 0);
    auto all = dist::map<&Work::say>(cluster, numbers, dist::fan_out().progress("saying"));
    co_await std::move(all);
  } else if (what == "long_text") {
    auto call = dist::go<&Work::long_text>(cluster, std::stoul(word(words, 1)));
    auto const text = co_await std::move(call);
    std::cout << text.size() << '\n';
  } else if (what == "block") {  // the I/O thread, or a compute thread
    auto const time = std::chrono::milliseconds(std::stoll(word(words, 1)));
    auto const works = [time] { std::this_thread::sleep_for(time); };
    if (word(words, 2) == "here")
      works();
    else
      co_await dist::compute(works);
  } else if (what == "throw") {
    throw std::runtime_error("the job has had enough");
  } else if (what == "code") {
    co_return std::stoi(word(words, 1));
  } else if (what == "poison") {
    auto call = dist::go<&Work::crash>(cluster);
    co_await std::move(call);
  } else {
    throw dist::usage_error("no such job: " + what);
  }
  co_return 0;
}

}  // namespace

int main(int argc, char** argv) {
  auto const services = std::getenv("WORK_IS_OTHER") ? dist::services<other::Work>() : dist::service<Work>(make_work);
  return dist::run(argc, argv, services, job);
}
