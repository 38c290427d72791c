#pragma once

#include <bitset>
#include <cstdint>
#include <dist/rpc/detail/cbor.hpp>
#include <dist/rpc/detail/number.hpp>
#include <dist/rpc/detail/spelling.hpp>
#include <dist/rpc/detail/text.hpp>
#include <dist/rpc/detail/value_kind.hpp>
#include <dist/rpc/detail/value_store.hpp>
#include <exception>
#include <string>

namespace dist {

class cbor_reader;
class json_reader;
/// A value of any kind, as JSON has it.
bool decode_any(cbor_reader& in, boost::json::value& out);
bool decode_any(json_reader& in, boost::json::value& out);

/// Finds the member that a received name means: as declared, or in its Go spelling without regard to case.
std::size_t find_member(std::string_view name, std::string_view const* names, std::size_t count) noexcept;

/// Reads values of C++ types through a cbor_reader or a json_reader. Functions return false when the input does not
/// hold exactly such a value; the reader's `error` then says why and where, and `out` is in an unspecified state.
template <class Reader>
class decoder {
 public:
  /// Without a store views are refused.
  decoder(Reader& in, value_store* store) noexcept : in_(in), store_(store) {}

  template <class T>
  bool operator()(T& out) {
    constexpr auto kind = kind_of<T>();
    if constexpr (kind == value_kind::null) return in_.take_null() || in_.mismatch("null");
    if constexpr (kind == value_kind::boolean) return in_.boolean(out);
    if constexpr (kind == value_kind::integer) return integer(out);
    if constexpr (kind == value_kind::floating) return floating(out);
    if constexpr (kind == value_kind::text) return text(out);
    if constexpr (kind == value_kind::text_view) return text_view(out);
    if constexpr (kind == value_kind::bytes) return bytes(out);
    if constexpr (kind == value_kind::named_enum) return enumerator(out);
    if constexpr (kind == value_kind::plain_enum) return plain_enum(out);
    if constexpr (kind == value_kind::nullable) return nullable(out);
    if constexpr (kind == value_kind::choice) return choice(out);
    if constexpr (kind == value_kind::product) return product(out);
    if constexpr (kind == value_kind::sequence) return sequence(out);
    if constexpr (kind == value_kind::map) return map(out);
    if constexpr (kind == value_kind::time_span) return duration(out);
    if constexpr (kind == value_kind::described) return described(out);
    if constexpr (kind == value_kind::any) return decode_any(in_, out);
    if constexpr (kind == value_kind::stand_in) return from_stand_in(out);
  }

 private:
  using frame = typename Reader::frame;

  template <class T>
  bool assign(number value, T& out) {
    return to_exact(value, out) || in_.error.fail(no_fit(value, number_name<T>(), Reader::number_noun));
  }
  template <class T>
  bool integer(T& out) {
    number value;
    return in_.whole(value, number_name<T>()) && assign(value, out);
  }
  template <class T>
  bool floating(T& out) {
    if (in_.next() != item::text) return in_.real(out, number_name<T>());
    std::string_view name;
    double special = 0;
    auto const start = in_;
    if (!in_.text(name)) return false;
    if (!from_nonfinite_text(name, special)) {
      in_ = start;
      return in_.mismatch("a number", number_name<T>());
    }
    out = static_cast<T>(special);
    return true;
  }

  bool text(std::string& out) {
    std::string_view view;
    if (!in_.text(view)) return false;
    out.assign(view);
    return true;
  }
  bool text_view(std::string_view& out) {
    if (!store_) return in_.error.fail("a view cannot be a result");
    if (!in_.text(out)) return false;
    if constexpr (!Reader::text_lives) out = store_->make<std::string>(out);
    return true;
  }

  template <class T>
  bool enumerator(T& out) {
    using underlying = std::underlying_type_t<T>;
    bool found = false;
    if (in_.next() == item::number) {
      underlying value{};
      if (!integer(value)) return false;
      boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>(
          [&](auto e) { found = found || static_cast<underlying>(e.value) == value; });
      out = static_cast<T>(value);
      return found || in_.error.fail("unknown enumerator " + std::to_string(value));
    }
    std::string_view name;
    if (!in_.text(name)) return false;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>([&](auto e) {
      if (!found && name == e.name) out = e.value, found = true;
    });
    return found || in_.error.fail("unknown enumerator " + shortened(name));
  }
  template <class T>
  bool plain_enum(T& out) {
    std::underlying_type_t<T> value{};
    if (!integer(value)) return false;
    out = static_cast<T>(value);
    return true;
  }

  template <class T>
  bool nullable(T& out) {
    if (in_.take_null()) {
      out.reset();
      return true;
    }
    if constexpr (is_a<T, std::optional>)
      return (*this)(out.emplace());
    else
      return (*this)(*(out = std::make_unique<typename T::element_type>()));
  }

  template <class T>
  bool from_stand_in(T& out) {
    stand_in<T> sent{};
    return (*this)(sent) && make(out, std::move(sent));
  }
  template <class T>
  bool make(T& out, stand_in<T>&& sent) {
    try {
      out = wire<T>::from(std::move(sent));
      return true;
    } catch (std::exception const& e) {
      return in_.error.fail(e.what());
    }
  }
  template <class T>
  bool duration(T& out) {
    typename T::rep count{};
    if (!(*this)(count)) return false;
    out = T(count);
    return true;
  }

  bool begin_list_of(frame& list, std::size_t expected, std::string_view noun) {
    if (!in_.begin_list(list)) return false;
    return list.count == expected || in_.error.fail(wrong_count(list.count, expected, noun));
  }

  template <class T>
  bool choice(T& out) {
    frame list;
    std::size_t index = 0;
    if (!begin_list_of(list, 2, "element")) return false;
    in_.element(list, 0);
    if (!integer(index)) return in_.error.in_element(0);
    in_.element(list, 1);
    if (index >= std::variant_size_v<T>)
      return in_.error.fail("alternative " + std::to_string(index) + " of " + std::to_string(std::variant_size_v<T>));
    bool ok = [&]<std::size_t... I>(std::index_sequence<I...>) {
      bool done = false;
      (void)((index == I && (done = (*this)(out.template emplace<I>()), true)) || ...);
      return done;
    }(std::make_index_sequence<std::variant_size_v<T>>{});
    if (!ok) return in_.error.in_element(1);
    in_.end(list);
    return true;
  }

  template <class T>
  bool product(T& out) {
    if constexpr (is_a<T, std::complex>) {
      std::pair<typename T::value_type, typename T::value_type> parts;
      if (!product(parts)) return false;
      out = T(parts.first, parts.second);
      return true;
    } else {
      frame list;
      if (!begin_list_of(list, std::tuple_size_v<T>, "element")) return false;
      std::size_t at = 0;
      auto one = [&](auto& part) {
        in_.element(list, at);
        return (*this)(part) ? (++at, true) : in_.error.in_element(at);
      };
      if (!std::apply([&](auto&... part) { return (one(part) && ...); }, out)) return false;
      in_.end(list);
      return true;
    }
  }

  // In decode_containers.hpp.
  template <class T>
  bool bytes(T& out);
  template <class T>
  bool sequence(T& out);
  template <class T>
  bool typed_sequence(T& out);
  template <class T>
  bool view(T& out);
  template <class T>
  bool from_number(number value, T& out);
  template <class T>
  bool map(T& out);
  template <class Key>
  bool map_key(frame& entries, std::size_t at, Key& out);
  template <class T>
  bool map_entry(T& out, typename T::key_type&& key, std::size_t at);
  template <class T>
  bool described(T& out);
  template <class T>
  bool finish_described(T& out, std::bitset<member_count<T> + 1> const& seen);
  template <class T>
  bool member(T& out, std::size_t index);
  template <class T>
  bool absent(T& out);

  Reader& in_;
  value_store* store_;
};

}  // namespace dist

#include <dist/rpc/detail/decode_containers.hpp>
