// A job without coroutines: a plain function that waits with dist::block_on, and how it handles a failed call.
#include <dist/dist.hpp>

#include <iostream>
#include <stdexcept>

struct Text {
  std::int64_t words(std::string const& line) const {
    if (line.empty()) throw std::invalid_argument("an empty line has no words to count");
    return 1 + std::ranges::count(line, ' ');
  }
};
BOOST_DESCRIBE_STRUCT(Text, (), (words))

void job(dist::cluster& cluster) {
  auto one = dist::go<&Text::words>(cluster, "one two three");  // runs while this function goes on
  std::vector<std::string> const lines{"to be or not to be", "that is the question"};
  auto const many = dist::block_on(cluster, dist::map<&Text::words>(cluster, lines));
  std::cout << dist::block_on(std::move(one)) << ' ' << many[0] << ' ' << many[1] << '\n';

  try {
    dist::block_on(dist::go<&Text::words>(cluster, ""));
  } catch (dist::call_error const& error) {
    std::cout << error.fault().method << " failed: " << error.fault().message << '\n';
  }
  auto const tried = dist::block_on(dist::try_call<&Text::words>(cluster, ""));  // or without exceptions
  std::cout << (tried.has_value() ? "counted" : "not counted") << '\n';
}

int main(int argc, char** argv) { return dist::run(argc, argv, dist::services<Text>(), job); }
