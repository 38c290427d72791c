#include <dist/dist.hpp>
#include <fstream>
#include <iostream>
#include <string>
#include <thread>
#include <unistd.h>

namespace {

/// On a clock shared by all processes of this machine.
double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Methods that each handle a cancellation differently; each writes lines to a file that the test names.
struct Search {
  void answer() const {}
  /// Polls its token.
  void poll(dist::context ctx, std::string const& file) const {
    note(file, "began");
    while (!ctx.cancelled()) pause();
    note(file, "stopped " + std::to_string(seconds()));
  }
  /// Awaits; the method `hops` away polls.
  dist::task<void> hop(dist::context ctx, std::int64_t hops, std::string file) const;
  /// Ignores its cancellation until the test creates a file.
  void ignore(dist::context, std::string const& file, std::string const& end) const {
    note(file, "began");
    while (::access(end.c_str(), F_OK) != 0) pause();
    note(file, "returned");
  }

 private:
  static void pause() { std::this_thread::sleep_for(std::chrono::milliseconds(2)); }
  static void note(std::string const& file, std::string const& line) {
    // One write of a short line: others may append at the same time.
    std::ofstream out(file, std::ios::app);
    out << line + "\n" << std::flush;
  }
};
BOOST_DESCRIBE_STRUCT(Search, (), (answer, poll, hop, ignore))

dist::task<void> Search::hop(dist::context ctx, std::int64_t hops, std::string file) const {
  auto next = hops > 1 ? dist::go<&Search::hop>(ctx, hops - 1, file) : dist::go<&Search::poll>(ctx, file);
  co_await std::move(next);
}

/// Takes the first answer, which cancels the others. Then it stays, so that the test can look.
dist::task<void> job(dist::cluster& cluster, std::vector<std::string> words) {
  if (words.at(0) == "serve") co_await cluster.wait_for_nodes(1'000'000);
  auto const file = words.at(1);
  std::vector<dist::pending<void>> tries;
  for (int i = 0; i < 3; ++i) tries.push_back(dist::go<&Search::poll>(cluster, file));
  tries.push_back(dist::go<&Search::hop>(cluster, 1, file));
  tries.push_back(dist::go<&Search::hop>(cluster, 2, file));
  tries.push_back(dist::go<&Search::ignore>(cluster, file, words.at(2)));
  std::cout << "started" << std::endl;
  // The test starts one more node once all others are busy.
  co_await cluster.wait_for_nodes(8);
  tries.push_back(dist::go<&Search::answer>(cluster));
  auto first = dist::any(std::move(tries));
  co_await std::move(first);
  std::cout << "answered " << std::to_string(seconds()) << std::endl;
  co_await cluster.wait_for_nodes(1'000'000);
}

}  // namespace

int main(int argc, char** argv) { return dist::run(argc, argv, dist::services<Search>(), job); }
