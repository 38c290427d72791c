#pragma once

#include <dist/rpc/detail/number.hpp>
#include <dist/rpc/detail/spelling.hpp>
#include <dist/rpc/detail/text.hpp>
#include <dist/rpc/detail/value_kind.hpp>
#include <exception>
#include <iterator>
#include <optional>
#include <string>

namespace dist {

class cbor_writer;
class json_writer;
/// A value of any kind, as JSON has it.
bool encode_any(cbor_writer& out, boost::json::value const& value);
bool encode_any(json_writer& out, boost::json::value const& value);

/// Writes values of C++ types through a cbor_writer or a json_writer. Functions return false when the value cannot be
/// written; the writer's `error` then says why and where.
template <class Writer>
class encoder {
 public:
  encoder(Writer& out, spelling names) noexcept : out_(out), names_(names) {}

  template <class T>
  bool operator()(T const& value) {
    constexpr auto kind = kind_of<T>();
    if constexpr (kind == value_kind::null) return out_.null(), true;
    if constexpr (kind == value_kind::boolean) return out_.boolean(value), true;
    if constexpr (kind == value_kind::integer) return out_.integer(value), true;
    if constexpr (kind == value_kind::floating) return out_.floating(value), true;
    if constexpr (kind == value_kind::text || kind == value_kind::text_view) return text(value);
    if constexpr (kind == value_kind::bytes) return out_.bytes(std::as_bytes(std::span(value))), true;
    if constexpr (kind == value_kind::named_enum) return enumerator(value);
    if constexpr (kind == value_kind::plain_enum)
      return out_.integer(static_cast<std::underlying_type_t<T>>(value)), true;
    if constexpr (kind == value_kind::nullable) return value ? (*this)(*value) : (out_.null(), true);
    if constexpr (kind == value_kind::choice) return choice(value);
    if constexpr (kind == value_kind::product) return product(value);
    if constexpr (kind == value_kind::sequence) return sequence(value);
    if constexpr (kind == value_kind::map) return map(value);
    if constexpr (kind == value_kind::time_span) return (*this)(value.count());
    if constexpr (kind == value_kind::described) return described(value);
    if constexpr (kind == value_kind::any) return encode_any(out_, value);
    if constexpr (kind == value_kind::stand_in)
      return with_stand_in(value, [&](auto const& sent) { return (*this)(sent); });
  }

 private:
  bool text(std::string_view value) {
    auto bad = find_invalid_utf8(value);
    if (bad != value.npos) return out_.error.not_utf8(bad);
    out_.text(value);
    return true;
  }

  template <class T, class Write>
  bool with_stand_in(T const& value, Write write) {
    std::optional<stand_in<T>> sent;
    try {
      sent.emplace(wire<T>::to(value));
    } catch (std::exception const& e) {
      return out_.error.fail(e.what());
    }
    return write(*sent);
  }

  template <class T>
  bool enumerator(T value) {
    std::string_view name;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>([&](auto e) {
      if (e.value == value && name.empty()) name = e.name;
    });
    if (!name.empty()) return out_.text(name), true;
    return out_.error.fail("the enumerator " + std::to_string(static_cast<std::underlying_type_t<T>>(value)) +
                           " has no name");
  }

  template <class T>
  bool choice(T const& value) {
    if (value.valueless_by_exception()) return out_.error.fail("a variant without a value");
    if (!out_.begin_list(2)) return false;
    out_.element();
    out_.integer(value.index());
    out_.element();
    if (!std::visit([&](auto const& held) { return (*this)(held); }, value)) return out_.error.in_element(1);
    out_.end_list();
    return true;
  }

  template <class T>
  bool product(T const& value) {
    if constexpr (is_a<T, std::complex>) {
      return product(std::pair(value.real(), value.imag()));
    } else {
      if (!out_.begin_list(std::tuple_size_v<T>)) return false;
      std::size_t at = 0;
      auto one = [&](auto const& part) {
        out_.element();
        return (*this)(part) ? (++at, true) : out_.error.in_element(at);
      };
      if (!std::apply([&](auto const&... part) { return (one(part) && ...); }, value)) return false;
      out_.end_list();
      return true;
    }
  }

  template <class T>
  bool sequence(T const& value) {
    using element = std::remove_cv_t<typename T::value_type>;
    if constexpr (contiguous_sequence<T> && plain_number<element> && requires { &Writer::template array<element>; }) {
      if (value.size() != 0) return out_.array(std::span<element const>(value)), true;
    }
    if (!out_.begin_list(count_of(value))) return false;
    std::size_t at = 0;
    for (auto&& part : value) {
      out_.element();
      if (!(*this)(static_cast<element const&>(part))) return out_.error.in_element(at);
      ++at;
    }
    out_.end_list();
    return true;
  }

  template <class T>
  static std::size_t count_of(T const& value) {
    if constexpr (requires { value.size(); })
      return value.size();
    else
      return static_cast<std::size_t>(std::distance(value.begin(), value.end()));
  }

  /// Keys that are text make a map in both codecs, others a map in CBOR and a list of pairs in JSON. Where a key may be
  /// there several times it is always a list of pairs: neither codec's maps allow that.
  template <class T>
  bool map(T const& value) {
    constexpr bool text_keys = sent_kind<typename T::key_type>() == value_kind::text;
    std::size_t at = 0;
    if constexpr (unique_keys<T> && (text_keys || Writer::native_keys)) {
      if (!out_.begin_map(value.size())) return false;
      for (auto const& [key, part] : value) {
        if (!write_key(key)) return out_.error.in_element(at);
        if (!(*this)(part)) return out_.error.in_element(at);
        ++at;
      }
      out_.end_map();
    } else {
      if (!out_.begin_list(value.size())) return false;
      for (auto const& pair : value) {
        out_.element();
        if (!product(pair)) return out_.error.in_element(at);
        ++at;
      }
      out_.end_list();
    }
    return true;
  }

  template <class Key>
  bool write_key(Key const& key) {
    if constexpr (kind_of<Key>() == value_kind::text) {
      auto bad = find_invalid_utf8(key);
      if (bad != std::string::npos) return out_.error.not_utf8(bad);
      out_.key(key);
      return true;
    } else if constexpr (has_stand_in<Key>) {
      return with_stand_in(key, [&](auto const& sent) { return write_key(sent); });
    } else {
      return (*this)(key);
    }
  }

  template <class T>
  bool described(T const& value) {
    if (names_ == spelling::go && !unique_for_go<T>) return out_.error.fail("two members have the same Go spelling");
    if (!out_.begin_map(member_count<T>)) return false;
    bool written = all_members<T>([&]<class Member>(Member) {
      out_.key(names_ == spelling::go ? go_name<Member>::value : std::string_view(Member::name));
      return (*this)(value.*Member::pointer) || out_.error.in_member(Member::name);
    });
    if (written) out_.end_map();
    return written;
  }

  template <class T>
  static constexpr bool unique_for_go = [] {
    for (std::size_t i = 0; i < member_count<T>; ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (go_collide(member_names<T>[i], member_names<T>[j])) return false;
    return true;
  }();

  Writer& out_;
  spelling names_;
};

}  // namespace dist
