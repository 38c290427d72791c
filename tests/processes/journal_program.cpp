// Fan-outs whose results a journal keeps. Each execution of a method is a line in the file named by EXECUTIONS.
#include <cstdlib>
#include <dist/dist.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#ifndef WORK_VERSION
#define WORK_VERSION 0
#endif

namespace {

std::string setting(char const* name) {
  auto const* const value = std::getenv(name);
  return value ? value : "";
}

struct Work {
  /// Fails for multiples of 10 if FAIL is set.
  double third(std::int64_t number) const {
    note(number);
    if (number % 10 == 0 && !setting("FAIL").empty()) throw std::runtime_error(std::to_string(number) + " fails");
    return static_cast<double>(number) / 3;
  }
  /// Not to be run twice.
  std::string text(std::int64_t number) {
    note(number);
    return "text " + std::to_string(number);
  }
  void nothing(std::int64_t number) const { note(number); }
  std::optional<std::int64_t> find(std::int64_t number) const {
    note(number);
    if (number % 7 != 5) return std::nullopt;
    return number;
  }
  std::string large(std::int64_t number) const {
    note(number);
    return std::string(100'000, static_cast<char>('a' + number % 26));
  }

 private:
  static void note(std::int64_t number) {
    // One write of a short line: others may append at the same time.
    std::ofstream out(setting("EXECUTIONS"), std::ios::app);
    out << std::to_string(number) + "\n" << std::flush;
    if (auto const time = setting("TAKES_US"); !time.empty())
      std::this_thread::sleep_for(std::chrono::microseconds(std::stoll(time)));
    if (auto const file = setting("LAST_WAITS_FOR"); !file.empty() && number == std::stoll(setting("LAST")))
      while (!std::filesystem::exists(file)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
};
BOOST_DESCRIBE_STRUCT(Work, (), (third, text, nothing, find, large))

}  // namespace

template <>
inline constexpr std::uint64_t dist::version<&Work::third> = WORK_VERSION;

namespace {

dist::task<int> job(dist::cluster& cluster, std::vector<std::string> words) {
  if (words.size() != 2) throw dist::usage_error("give a fan-out and a number of inputs");
  auto const& what = words[0];
  std::vector<std::int64_t> inputs;
  for (std::int64_t i = 0; i < std::stoll(words[1]); ++i) inputs.push_back(i);
  if (auto const changed = setting("CHANGED"); !changed.empty()) inputs.at(std::stoul(changed)) += 1'000'000;
  std::cout.precision(17);
  if (what == "map_reduce") {
    // The order of the additions shows in the last digits.
    auto sum = dist::map_reduce<&Work::third>(cluster, inputs, 0.1, std::plus<>());
    std::cout << co_await std::move(sum) << '\n';
  } else if (what == "map") {
    auto all = dist::map<&Work::text>(cluster, inputs);
    auto const texts = co_await std::move(all);
    for (auto const& one : texts) std::cout << one << '\n';
  } else if (what == "nothing") {
    auto all = dist::map<&Work::nothing>(cluster, inputs);
    co_await std::move(all);
  } else if (what == "large") {
    auto all = dist::map<&Work::large>(cluster, inputs);
    auto const texts = co_await std::move(all);
    for (auto const& one : texts) std::cout << one << '\n';
  } else if (what == "try_map") {
    auto all = dist::try_map<&Work::third>(cluster, inputs);
    auto const outcomes = co_await std::move(all);
    for (auto const& one : outcomes) std::cout << (one ? std::to_string(*one) : one.error().message) << '\n';
  } else if (what == "collect") {
    auto const how = dist::fan_out().max_failures(dist::percent(50));
    auto all = dist::collect<&Work::third>(cluster, inputs, how);
    auto const got = co_await std::move(all);
    for (auto const& one : got.values) std::cout << one.value_or(-1) << '\n';
  } else if (what == "as_completed") {
    std::vector<std::string> lines(inputs.size());
    auto stream = dist::as_completed<&Work::third>(cluster, inputs);
    while (auto item = co_await stream.next())
      lines[item->index] = std::to_string(item->value.value()) + (item->node.empty() ? " from nowhere" : "");
    for (auto const& one : lines) std::cout << one << '\n';
  } else if (what == "any") {
    auto first = dist::any<&Work::find>(cluster, inputs);
    auto const found = co_await std::move(first);
    std::cout << found.value_or(-1) << '\n';
  } else if (what == "two") {  // fan-outs with the same label
    auto const how = dist::fan_out().progress("both");
    for (int i = 0; i < 2; ++i) {
      auto sum = dist::map_reduce<&Work::third>(cluster, inputs, 0.1, std::plus<>(), how);
      std::cout << co_await std::move(sum) << '\n';
    }
  } else {
    throw dist::usage_error("no such fan-out: " + what);
  }
  co_return 0;
}

}  // namespace

int main(int argc, char** argv) { return dist::run(argc, argv, dist::services<Work>(), job); }
