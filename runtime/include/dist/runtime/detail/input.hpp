#pragma once

#include <concepts>
#include <cstddef>
#include <dist/rpc/detail/codec.hpp>
#include <dist/rpc/detail/method.hpp>
#include <dist/runtime/chunks.hpp>
#include <dist/runtime/detail/argument.hpp>
#include <dist/runtime/detail/call_record.hpp>
#include <dist/runtime/detail/conversion.hpp>
#include <optional>
#include <ranges>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace dist {

/// Whether an input's B converts to an A without loss.
template <class A, class B>
inline constexpr bool input_fits = std::convertible_to<B const&, A> && conversion_of<A, B> != conversion::refused;

/// Encodes one input of a fan-out as a method's arguments: it converts to the single parameter, or is taken apart.
template <class Arguments>
struct input_encoder;
template <class... A>
struct input_encoder<std::tuple<A...>> {
  template <class Input>
  static constexpr bool is_whole = sizeof...(A) == 1 && (input_fits<A, Input> && ...);

  template <class Input>
  static consteval bool fits() {
    if constexpr (is_whole<Input>) {
      return true;
    } else if constexpr (requires { std::tuple_size<Input>::value; }) {
      if constexpr (std::tuple_size_v<Input> == sizeof...(A))
        return []<std::size_t... I>(std::index_sequence<I...>) {
          return (input_fits<A, std::remove_cvref_t<std::tuple_element_t<I, Input>>> && ...);
        }(std::index_sequence_for<A...>());
      else
        return false;
    } else {
      return false;
    }
  }

  template <class Input>
  static std::string encode(buffer& out, Input const& input) {
    if constexpr (is_whole<Input>) {
      loss lost;
      (void)((lost = find_loss<A>(input), lost) || ...);
      if (lost) return lost_argument(lost, 1);
      std::tuple<A...> const values(static_cast<A>(input)...);
      return encode_arguments(codec::cbor, spelling::declared, out, std::get<0>(values));
    } else {
      return apart(out, input, std::index_sequence_for<A...>());
    }
  }

 private:
  template <class Input, std::size_t... I>
  static std::string apart(buffer& out, Input const& input, std::index_sequence<I...>) {
    loss lost;
    std::size_t number = 0;
    (void)((++number, lost = find_loss<A>(element<I>(input)), lost) || ...);
    if (lost) return lost_argument(lost, number);
    std::tuple<A...> const values(static_cast<A>(element<I>(input))...);
    return encode_arguments(codec::cbor, spelling::declared, out, std::get<I>(values)...);
  }
  template <std::size_t I, class Input>
  static decltype(auto) element(Input const& input) {
    if constexpr (requires { input.template get<I>(); })
      return input.template get<I>();
    else
      return std::get<I>(input);
  }
};

/// The inputs of a fan-out, whatever their range and their types. Read on the I/O thread.
class input_source {
 public:
  virtual ~input_source() = default;
  virtual bool is_at_end() = 0;
  /// The next input becomes the arguments of `call`.
  virtual void encode_next(call_record& call) = 0;
  /// The total number; empty if the range has no known size.
  virtual std::optional<std::size_t> total() const = 0;
  /// Their name in messages.
  virtual char const* noun() const noexcept = 0;
};

template <class T>
inline constexpr bool is_chunk_range = false;
template <class T>
inline constexpr bool is_chunk_range<chunk_range<T>> = true;

/// Reads a range lazily, one input per call.
template <class Arguments, class Inputs>
class range_source final : public input_source {
 public:
  explicit range_source(Inputs inputs) : inputs_(std::move(inputs)) {}

  bool is_at_end() override { return next() == std::ranges::end(inputs_); }
  void encode_next(call_record& call) override {
    call.early_problem = input_encoder<Arguments>::encode(call.arguments, *next());
    ++next();
  }
  std::optional<std::size_t> total() const override {
    if constexpr (std::ranges::sized_range<Inputs const>)
      return static_cast<std::size_t>(std::ranges::size(inputs_));
    else
      return std::nullopt;
  }
  char const* noun() const noexcept override { return is_chunk_range<Inputs> ? "chunks" : "inputs"; }

 private:
  std::ranges::iterator_t<Inputs>& next() {
    if (!next_) next_.emplace(std::ranges::begin(inputs_));
    return *next_;
  }

  Inputs inputs_;
  std::optional<std::ranges::iterator_t<Inputs>> next_;
};

}  // namespace dist
