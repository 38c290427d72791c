#pragma once

#include <dist/rpc/detail/number.hpp>
#include <dist/rpc/detail/value_type.hpp>
#include <string>
#include <string_view>

namespace dist {

/// Writes a type's structure. Structs that enclose the place that is being written are in `Enclosing`, the innermost
/// first: meeting one again writes `^n`, the n-th of them, so that recursive types end.
template <class... Enclosing>
class type_writer {
 public:
  explicit type_writer(std::string& out) noexcept : out_(out) {}

  template <class T>
  void write() {
    constexpr auto kind = kind_of<T>();
    if constexpr (kind == value_kind::null) out_ += "null";
    if constexpr (kind == value_kind::boolean || kind == value_kind::integer || kind == value_kind::floating)
      out_ += number_name<T>();
    if constexpr (kind == value_kind::text || kind == value_kind::text_view) out_ += "text";
    if constexpr (kind == value_kind::any) out_ += "any";
    if constexpr (kind == value_kind::stand_in) write<stand_in<T>>();
    if constexpr (kind == value_kind::bytes) {
      out_ += "bytes";
      if constexpr (is_std_array<T>) out_ += "<" + std::to_string(std::tuple_size_v<T>) + ">";
    }
    if constexpr (kind == value_kind::named_enum) enumerators<T>();
    if constexpr (kind == value_kind::plain_enum) out_ += number_name<std::underlying_type_t<T>>();
    if constexpr (kind == value_kind::nullable) of<typename pointee<T>::type>("optional");
    if constexpr (kind == value_kind::choice) list_of("variant", std::type_identity<T>{});
    if constexpr (kind == value_kind::product) {
      if constexpr (is_a<T, std::complex>)
        of<typename T::value_type, typename T::value_type>("tuple");
      else
        list_of("tuple", std::type_identity<T>{});
    }
    if constexpr (kind == value_kind::sequence) sequence<T>();
    if constexpr (kind == value_kind::map) of<typename T::key_type, typename T::mapped_type>("map");
    if constexpr (kind == value_kind::time_span) {
      out_ += "duration<";
      write<typename T::rep>();
      out_ += "," + std::to_string(T::period::num) + "/" + std::to_string(T::period::den) + ">";
    }
    if constexpr (kind == value_kind::described) described<T>();
  }

 private:
  template <class... A>
  void of(std::string_view name) {
    out_.append(name) += '<';
    ((write<std::remove_cv_t<A>>(), out_ += ','), ...);
    close('>');
  }
  template <template <class...> class List, class... A>
  void list_of(std::string_view name, std::type_identity<List<A...>>) {
    of<A...>(name);
  }

  /// Ends a list, each of whose elements has left a comma.
  void close(char bracket) {
    if (out_.back() == ',') out_.pop_back();
    out_ += bracket;
  }

  template <class T>
  void sequence() {
    out_ += "list<";
    write<std::remove_cv_t<typename T::value_type>>();
    if constexpr (is_std_array<T>) out_ += "," + std::to_string(std::tuple_size_v<T>);
    out_ += '>';
  }

  template <class T>
  void enumerators() {
    out_ += "enum{";
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>([&](auto e) { out_.append(e.name) += ','; });
    close('}');
  }

  template <class T>
  void described() {
    if constexpr ((std::is_same_v<T, Enclosing> || ...)) {
      std::size_t level = 0;
      bool found = false;
      ((found = found || std::is_same_v<T, Enclosing>, level += found ? 0 : 1), ...);
      out_ += "^" + std::to_string(level);
    } else {
      type_writer<T, Enclosing...> inner(out_);
      out_ += '{';
      all_members<T>([&]<class Member>(Member) {
        out_.append(Member::name) += ':';
        inner.template write<member_type<T, Member>>();
        out_ += ',';
        return true;
      });
      close('}');
    }
  }

  std::string& out_;
};

/// A type's structure as text: `list<int64>`, `{start:int64,end:int64}`, `optional<enum{red,green}>`. Made from what
/// the type is, never from a compiler's spelling; types whose values are written alike have the same text.
template <class T>
std::string type_text() {
  std::string text;
  if constexpr (require_value_type<T>()) type_writer<>(text).write<std::remove_cv_t<T>>();
  return text;
}

/// Whether a reader of the type `reader` accepts what a writer of the type `writer` writes. Empty when it does, else
/// one sentence that says why not.
std::string type_mismatch(std::string_view reader, std::string_view writer);

}  // namespace dist
