// Splits numbers into two factors, or finds that they are prime. The candidates are spread over the nodes in blocks;
// the first node to find one ends the search, and the others stop in the middle of theirs.
//   search 9991 1000000016000000063        9991 = 97 * 103
//                                          1000000016000000063 = 1000000007 * 1000000009
//   search --wide 1000000016000000063      the nodes spread the blocks themselves: less work for the master
#include <dist/dist.hpp>

#include <charconv>
#include <cmath>
#include <iostream>
#include <optional>
#include <ranges>

namespace {

constexpr std::uint64_t block = 1'000'000;  // candidates; some ten milliseconds

/// The candidates [first, last) in pieces of `size`, each with the number to divide.
auto pieces(std::uint64_t number, std::uint64_t first, std::uint64_t last, std::uint64_t size) {
  auto const with_number = [number](auto const& piece) { return std::tuple(number, piece.first, piece.last); };
  return dist::chunks(first, last, size) | std::views::transform(with_number);
}

struct Factors {
  // A plain method checks now and then whether its answer is still needed. "Nothing found" is an answer too.
  std::optional<std::uint64_t> find_in(dist::context ctx, std::uint64_t number, std::uint64_t first,
                                       std::uint64_t last) const {
    for (auto candidate = first; candidate < last; ++candidate) {
      if (candidate % 1'024 == 0) ctx.throw_if_cancelled();
      if (number % candidate == 0) return candidate;
    }
    return std::nullopt;
  }
  dist::task<std::optional<std::uint64_t>> find_wide(dist::context ctx, std::uint64_t number, std::uint64_t first,
                                                     std::uint64_t last) const;
};
BOOST_DESCRIBE_STRUCT(Factors, (), (find_in, find_wide))

// A coroutine is stopped where it waits, and its own calls are with it, on whatever nodes they run.
dist::task<std::optional<std::uint64_t>> Factors::find_wide(dist::context ctx, std::uint64_t number,
                                                            std::uint64_t first, std::uint64_t last) const {
  auto search = dist::any<&Factors::find_in>(ctx, pieces(number, first, last, block));
  co_return co_await std::move(search);
}

std::uint64_t read_number(std::string const& text) {
  std::uint64_t number = 0;
  auto const end = text.data() + text.size();
  auto const read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end || number < 2)
    throw dist::usage_error("'" + text + "' is not a whole number from 2 to 18446744073709551615; " +
                            "usage: search [--wide] NUMBER...");
  return number;
}

/// One above the greatest number whose square is not above `number`.
std::uint64_t end_of_candidates(std::uint64_t number) {
  auto root = static_cast<std::uint64_t>(std::sqrt(static_cast<double>(number)));
  while (root > number / root) --root;  // the double was rounded
  while (root + 1 <= number / (root + 1)) ++root;
  return root + 1;
}

dist::task<void> job(dist::cluster& cluster, std::vector<std::string> arguments) {
  auto const wide = std::erase(arguments, "--wide") > 0;
  std::vector<std::uint64_t> numbers;
  for (auto const& text : arguments) numbers.push_back(read_number(text));
  if (numbers.empty()) throw dist::usage_error("missing numbers; usage: search [--wide] NUMBER...");
  for (auto const number : numbers) {
    auto const end = end_of_candidates(number);
    auto search = wide ? dist::any<&Factors::find_wide>(cluster, pieces(number, 2, end, 32 * block))
                       : dist::any<&Factors::find_in>(cluster, pieces(number, 2, end, block));
    auto const found = co_await std::move(search);
    if (found)
      std::cout << number << " = " << *found << " * " << number / *found << std::endl;
    else
      std::cout << number << " is prime" << std::endl;
  }
}

}  // namespace

int main(int argc, char** argv) { return dist::run(argc, argv, dist::services<Factors>(), job); }
