#pragma once

#include <concepts>
#include <cstddef>
#include <iterator>
#include <limits>
#include <ranges>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <utility>

namespace dist {

/// A half-open piece [first, last) of a range of numbers. Becomes two arguments, or any struct of two members.
template <std::integral T>
struct chunk {
  T first;
  T last;

  template <class Pair>
  requires(std::is_aggregate_v<Pair> && !std::same_as<Pair, chunk> && requires(T a, T b) { Pair{a, b}; })
  operator Pair() const {  // NOLINT(google-explicit-constructor): intended
    return Pair{first, last};
  }

  template <std::size_t I>
  T get() const noexcept {
    return I == 0 ? first : last;
  }
  friend bool operator==(chunk const&, chunk const&) = default;
};

/// Covers [first, last) exactly, in order, without overlap, in pieces of `size`; the last may be smaller. Made lazily.
template <std::integral T>
class chunk_range : public std::ranges::view_interface<chunk_range<T>> {
 public:
  chunk_range() = default;
  chunk_range(T first, T last, T size) : first_(first), last_(last < first ? first : last), size_(size) {
    if (size < 1) throw std::invalid_argument("dist::chunks: the size of a chunk must be at least 1");
  }

  /// Makes each chunk when it is asked for.
  class iterator {
   public:
    using value_type = chunk<T>;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;

    iterator() = default;
    iterator(T at, T last, T size) : at_(at), last_(last), size_(size) {}

    chunk<T> operator*() const { return {at_, end()}; }
    iterator& operator++() {
      at_ = end();
      return *this;
    }
    iterator operator++(int) {
      auto const before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(iterator const& a, iterator const& b) { return a.at_ == b.at_; }

   private:
    // Written so that the sum cannot overflow at the end of T's range.
    T end() const {
      using wide = std::make_unsigned_t<T>;
      auto const left = static_cast<wide>(static_cast<wide>(last_) - static_cast<wide>(at_));
      return left <= static_cast<wide>(size_) ? last_ : static_cast<T>(at_ + size_);
    }

    T at_{};
    T last_{};
    T size_{1};
  };

  iterator begin() const { return {first_, last_, size_}; }
  iterator end() const { return {last_, last_, size_}; }
  std::size_t size() const {
    using wide = std::make_unsigned_t<T>;
    auto const length = static_cast<wide>(static_cast<wide>(last_) - static_cast<wide>(first_));
    auto const whole = static_cast<wide>(size_);
    return static_cast<std::size_t>(length / whole + (length % whole != 0));
  }

 private:
  T first_{};
  T last_{};
  T size_{1};
};

/// Throws std::invalid_argument for a size below 1, or where `first` and `last` have no common type that holds both.
template <std::integral A, std::integral B, std::integral C>
auto chunks(A first, B last, C size) {
  using T = std::common_type_t<A, B>;
  if (!std::in_range<T>(first) || !std::in_range<T>(last))
    throw std::invalid_argument("dist::chunks: the types of first and last cannot hold each other's values");
  constexpr auto most = std::numeric_limits<T>::max();
  auto const fitting = std::cmp_greater(size, most) ? most : std::cmp_less(size, 1) ? T{0} : static_cast<T>(size);
  return chunk_range<T>(static_cast<T>(first), static_cast<T>(last), fitting);
}

}  // namespace dist

template <class T>
struct std::tuple_size<dist::chunk<T>> : std::integral_constant<std::size_t, 2> {};
template <std::size_t I, class T>
struct std::tuple_element<I, dist::chunk<T>> {
  using type = T;
};
