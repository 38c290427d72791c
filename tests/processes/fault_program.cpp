#include <asio/co_spawn.hpp>
#include <asio/system_executor.hpp>
#include <asio/use_future.hpp>
#include <atomic>
#include <dist/rpc/detail/event.hpp>
#include <dist/rpc/sleep.hpp>
#include <dist/rpc/task_group.hpp>
#include <dist/runtime/master_link.hpp>
#include <dist/runtime/system_world.hpp>
#include <future>
#include <iomanip>
#include <iostream>
#include <mutex>

#include "fault_tasks.hpp"
#include "fault_words.hpp"

namespace {

using outcome = dist::result<nap_report>;

/// On a clock shared by all processes of this machine.
double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string word_of(std::string const& text) { return text.empty() ? "-" : text; }

/// `value MICROSECONDS`, or `fault CODE KNOWN PHASE NODE`.
std::string text_of(outcome const& one) {
  if (one.has_value()) return "value " + std::to_string(one->microseconds);
  auto const& what = one.error();
  char const* const known[] = {"not_started", "unknown", "executed"};
  std::string text = "fault ";
  text += dist::to_text(what.code);
  return text + ' ' + known[static_cast<int>(what.known)] + ' ' + word_of(what.phase) + ' ' + word_of(what.node);
}

/// The outcome of each call, `TAG BEGIN END OUTCOME`, one per line.
class record {
 public:
  void add(std::int64_t tag, double begun, outcome const& one) {
    // Flushed per line: a test may wait for one.
    std::cout << tag << ' ' << std::fixed << std::setprecision(6) << begun << ' ' << seconds() << ' ' << text_of(one)
              << std::endl;
    if (one.has_value() && one->tag != tag) std::cout << "wrong answer for " << tag << ": " << one->tag << std::endl;
  }
};

dist::pending<outcome> start(dist::cluster const& on, std::string const& method, nap_input const& input,
                             dist::call_options const& how) {
  auto const& [tag, microseconds, log] = input;
  if (method == "nap_once") return dist::try_call<&Deeds::nap>(on, tag, microseconds, log, how);
  if (method == "forever") return dist::try_call<&Tasks::forever>(on, tag, microseconds, log, how);
  if (method == "forever_once") return dist::try_call<&Deeds::forever>(on, tag, microseconds, log, how);
  return dist::try_call<&Tasks::nap>(on, tag, microseconds, log, how);
}

dist::call_options options_of(given_words const& words, std::int64_t tag) {
  dist::call_options how;
  // `once=2`: every second call runs at most once, regardless of its method.
  if (auto const once = words.number("once", 0); once != 0 && tag % once == 0) how.once();
  // `within=200 every=2`: every second call has 200 ms.
  if (auto const within = words.number("within", 0); within != 0 && tag % words.number("every", 1) == 0)
    how.within(std::chrono::milliseconds(within));
  return how;
}

dist::task<void> one_call(dist::cluster on, std::shared_ptr<given_words const> words, nap_input input, record& to) {
  auto const begun = seconds();
  auto const tag = std::get<0>(input);
  auto const how = options_of(*words, tag);
  auto call = start(on, words->text("method"), input, how);
  auto const ended = co_await std::move(call);
  to.add(tag, begun, ended);
}

/// All at once or, with `rate=`, at a fixed rate regardless of earlier calls, one by one or `burst=` at a time. At most
/// `most=` calls are pending then: a slow machine lowers the rate instead of lengthening the queue.
dist::task<void> calls(dist::cluster on, std::vector<std::string> arguments) {
  auto const words = std::make_shared<given_words const>(arguments);
  auto const rate = static_cast<double>(words->number("rate", 0));
  auto const burst = words->number("burst", 1);
  auto const most = static_cast<std::size_t>(words->number("most", 1000));
  nap_inputs const inputs(*words);
  record to;
  dist::task_group running(on.get_executor());
  auto const begun = seconds();
  for (auto next = inputs.begin(); next != inputs.end(); ++next) {
    auto const input = *next;
    auto const first = std::get<0>(input) / burst * burst;
    if (rate > 0)
      while (seconds() < begun + static_cast<double>(first) / rate || running.size() >= most)
        co_await dist::sleep_for(on.caller().world().clock, std::chrono::milliseconds(1));
    running.spawn(one_call(on, words, input, to));
  }
  co_await running.join();
}

struct sums {
  std::int64_t count = 0;
  std::int64_t tags = 0;
  std::int64_t squares = 0;
};

/// `COUNT SUM SQUARES` of the tags that were answered.
dist::task<void> reduce(dist::cluster on, nap_inputs inputs) {
  auto const add = [](sums so_far, nap_report one) {
    ++so_far.count;
    so_far.tags += one.tag;
    so_far.squares += one.tag * one.tag;
    return so_far;
  };
  auto work = dist::map_reduce<&Tasks::nap>(on, std::move(inputs), sums(), add);
  auto const got = co_await std::move(work);
  std::cout << got.count << ' ' << got.tags << ' ' << got.squares << '\n';
}

/// `TAG OUTCOME` for each input.
dist::task<void> try_all_once(dist::cluster on, nap_inputs inputs) {
  auto work = dist::try_map<&Deeds::nap>(on, std::move(inputs));
  auto const got = co_await std::move(work);
  for (std::size_t tag = 0; tag < got.size(); ++tag) {
    std::cout << tag << ' ' << text_of(got[tag]) << '\n';
    if (got[tag].has_value() && got[tag]->tag != static_cast<std::int64_t>(tag))
      std::cout << "wrong answer for " << tag << ": " << got[tag]->tag << '\n';
  }
}

/// A call that is late, and one right after it on the same connection.
dist::task<void> late(dist::cluster on) {
  for (std::int64_t round = 0; round < 10; ++round) {
    auto const soon = dist::call_options().within(std::chrono::milliseconds(20));
    auto first = dist::try_call<&Tasks::nap>(on, 2 * round, std::int64_t{60'000}, std::string(), soon);
    auto const none = co_await std::move(first);
    auto second = dist::try_call<&Tasks::nap>(on, 2 * round + 1, std::int64_t{100'000}, std::string());
    auto const answer = co_await std::move(second);
    std::cout << text_of(none) << " then " << (answer.has_value() ? answer->tag - 2 * round : -1) << '\n';
  }
}

/// A method that never ends, behind quick ones and ahead of many: its outcome, and how many of those were answered. If
/// its deadline passes before it starts, another attempt gets a longer one.
dist::task<void> endless(dist::cluster on, given_words words) {
  auto const log = words.text("log");
  auto const count = words.number("count", 100);
  std::vector<nap_input> const quick(64, nap_input{-1, 50, std::string()});
  auto warm = dist::try_map<&Tasks::nap>(on, quick);
  co_await std::move(warm);
  std::int64_t tag = 0;
  for (std::chrono::milliseconds within(500);; within *= 2) {
    auto how = dist::call_options().within(within).kill_after(std::chrono::milliseconds(200));
    auto never = dist::try_call<&Tasks::forever>(on, tag, std::int64_t{0}, log, how);
    std::vector<nap_input> behind;
    for (std::int64_t i = 0; i < count; ++i) behind.emplace_back(++tag, i % 2 == 0 ? 50 : 2000, log);
    auto naps = dist::try_map<&Tasks::nap>(on, behind);
    auto const ended = co_await std::move(never);
    auto const others = co_await std::move(naps);
    if (!has_noted(tag - count, log)) continue;
    std::cout << tag - count << ' ' << text_of(ended) << '\n'
              << std::ranges::count_if(others, [](outcome const& one) { return one.has_value(); }) << '\n';
    co_return;
  }
}

std::vector<std::uint8_t> pattern(std::size_t bytes, std::uint64_t seed) {
  std::vector<std::uint8_t> made(bytes);
  for (auto& byte : made) byte = static_cast<std::uint8_t>((seed = seed * 6364136223846793005U + 1442695040888963407U) >> 56);
  return made;
}

dist::task<void> mirror_some(dist::cluster on, std::uint64_t caller, std::int64_t rounds, std::size_t bytes, int& right) {
  for (std::int64_t round = 0; round < rounds; ++round) {
    auto const sent = pattern(bytes, caller * 1000 + static_cast<std::uint64_t>(round));
    auto call = dist::go<&Tasks::mirror>(on, sent);
    auto got = co_await std::move(call);
    std::reverse(got.begin(), got.end());
    if (got == sent) ++right;
  }
}

/// Sends large payloads from `callers` coroutines at once over one connection.
dist::task<void> mirrors(dist::cluster on, std::vector<std::string> arguments) {
  given_words const words(arguments);
  int right = 0;
  dist::task_group callers(on.get_executor());
  for (std::int64_t i = 0; i < words.number("callers", 64); ++i)
    callers.spawn(mirror_some(on, static_cast<std::uint64_t>(i), words.number("rounds", 1),
                              static_cast<std::size_t>(words.number("bytes", 1 << 20)), right));
  co_await callers.join();
  std::cout << right << '\n';
}

dist::task<void> job(dist::cluster& on, std::vector<std::string> arguments) {
  if (arguments.empty()) throw dist::usage_error("which job?");
  auto const what = arguments.front();
  arguments.erase(arguments.begin());
  if (what == "serve") co_await on.wait_for_nodes(1'000'000);
  else if (what == "calls") co_await calls(on, arguments);
  else if (what == "reduce") co_await reduce(on, nap_inputs(given_words(arguments)));
  else if (what == "try_once") co_await try_all_once(on, nap_inputs(given_words(arguments)));
  else if (what == "late") co_await late(on);
  else if (what == "endless") co_await endless(on, given_words(arguments));
  else if (what == "mirrors") co_await mirrors(on, arguments);
  else throw dist::usage_error("no such job: " + what);
}

dist::task<void> serve(dist::master_link& link, std::promise<void>& is_open) {
  co_await link.open();
  is_open.set_value();
  co_await link.run();
}

/// A client without `run` that is stopped and destroyed while eight threads make calls.
class brief_client {
 public:
  brief_client(std::string const& master, std::size_t count) : count_(count), link_(world_, options(master)) {
    std::promise<void> is_open;
    asio::co_spawn(world_.io(), serve(link_, is_open), [](std::exception_ptr failed) {
      if (failed) std::rethrow_exception(failed);
    });
    io_ = std::thread([this] { world_.io().run(); });
    is_open.get_future().get();
  }
  /// Awaits every second call; the others are left for other threads.
  void call_and_stop(std::vector<std::future<outcome>>& awaited, std::vector<dist::pending<outcome>>& kept) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) threads.emplace_back([&] { call(awaited, kept); });
    while (started_ < count_ / 20) std::this_thread::yield();
    // Some are answered by now, some wait, and more follow.
    dist::block_on(dist::try_call<&Tasks::nap>(link_.calls(), std::int64_t{0}, std::int64_t{100}, std::string()));
    asio::post(world_.io(), [this] { link_.stop(); });
    for (auto& one : threads) one.join();
    io_.join();
  }

 private:
  static dist::link_options options(std::string const& master) {
    dist::link_options made;
    made.master = dist::parse_address(master).value();
    made.name = "brief";
    return made;
  }
  void call(std::vector<std::future<outcome>>& awaited, std::vector<dist::pending<outcome>>& kept) {
    auto const calls = link_.calls();
    for (std::size_t tag; (tag = started_++) < count_;) {
      auto made = dist::try_call<&Tasks::nap>(calls, static_cast<std::int64_t>(tag), std::int64_t{100}, std::string());
      std::lock_guard const lock(mutex_);
      if (tag % 2 == 0)
        kept.push_back(std::move(made));
      else
        awaited.push_back(wait(std::move(made)));
    }
  }

 public:
  static std::future<outcome> wait(dist::pending<outcome> call) {
    return asio::co_spawn(asio::system_executor(), dist::task<outcome>(std::move(call)), asio::use_future);
  }

 private:
  std::size_t count_;
  dist::system_world world_{1, dist::log(dist::log_level::error)};
  dist::master_link link_;
  std::thread io_;
  std::atomic<std::size_t> started_ = 0;
  std::mutex mutex_;
};

int abandon(std::string const& master, int rounds, std::size_t count) {
  std::size_t answered = 0;
  std::size_t stopped = 0;
  auto const hear = [&](std::future<outcome> from) {
    auto const heard = from.get();
    ++(heard.has_value() ? answered : stopped);
    return heard.has_value() || heard.error().code == dist::errc::stopped;
  };
  for (int round = 0; round < rounds; ++round) {
    std::vector<std::future<outcome>> awaited;
    std::vector<dist::pending<outcome>> kept;
    std::optional<brief_client> client(std::in_place, master, count);
    client->call_and_stop(awaited, kept);
    client.reset();
    // Half of the calls that outlive their client are awaited, the others dropped.
    for (std::size_t i = 0; i < kept.size(); i += 2) awaited.push_back(brief_client::wait(std::move(kept[i])));
    for (auto& one : awaited)
      if (!hear(std::move(one))) return 1;
  }
  std::cout << rounds << " rounds: " << answered << " answered, " << stopped << " stopped\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 5 && std::string(argv[1]) == "abandon") return abandon(argv[2], std::stoi(argv[3]), std::stoul(argv[4]));
  return dist::run(argc, argv, dist::services<Tasks, Deeds>(), job);
}
