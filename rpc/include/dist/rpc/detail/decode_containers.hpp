#pragma once

#include <algorithm>
#include <cstring>
#include <dist/rpc/detail/decode.hpp>
#include <iterator>

namespace dist {

/// Puts elements into a container one by one.
template <class T>
class appender {
 public:
  using element = std::remove_cv_t<typename T::value_type>;
  /// No more than this is reserved on the word of an input whose elements may be far smaller than ours.
  static constexpr std::size_t trusted_count = 1024;

  explicit appender(T& out) : out_(out) {
    if constexpr (!is_std_array<T>) out_.clear();
    if constexpr (forward_sequence<T>) last_ = out_.before_begin();
  }

  void expect([[maybe_unused]] std::size_t count) {
    if constexpr (requires { out_.reserve(count); }) out_.reserve(std::min(count, trusted_count));
  }

  /// Calls `read` with the place of the next element; `refuse` when a set holds an equal one.
  template <class Read, class Refuse>
  bool next(std::size_t at, Read read, [[maybe_unused]] Refuse refuse) {
    if constexpr (is_std_array<T>) {
      return read(out_[at]);
    } else if constexpr (is_a<T, std::vector> && !std::is_same_v<element, bool>) {
      return read(out_.emplace_back());
    } else {
      element part{};
      if (!read(part)) return false;
      if constexpr (forward_sequence<T>)
        last_ = out_.insert_after(last_, std::move(part));
      else if constexpr (growing_sequence<T>)
        out_.push_back(std::move(part));
      else if constexpr (unique_keys<T>)
        return out_.insert(std::move(part)).second || refuse();
      else
        out_.insert(std::move(part));
      return true;
    }
  }

 private:
  struct nothing {};
  template <class U>
  struct position {
    using type = nothing;
  };
  template <forward_sequence U>
  struct position<U> {
    using type = typename U::iterator;
  };

  T& out_;
  [[no_unique_address]] typename position<T>::type last_{};
};

template <class Reader>
template <class T>
bool decoder<Reader>::bytes(T& out) {
  std::span<std::byte const> content;
  std::vector<std::byte> converted;
  auto const kind = in_.next();
  if (kind == item::bytes) {
    if (!in_.bytes(content)) return false;
  } else if (kind == item::text) {
    std::string_view text;
    if (!in_.text(text)) return false;
    if (!from_base64(text, converted)) return in_.error.fail("expected bytes, got text that is not base64");
    content = converted;
  } else {
    std::vector<std::uint8_t> numbers;
    if (kind != item::list && kind != item::typed_array) return in_.mismatch("bytes");
    if (!sequence(numbers)) return false;
    auto const* first = reinterpret_cast<std::byte const*>(numbers.data());
    converted.assign(first, first + numbers.size());
    content = converted;
  }
  using pointer = std::remove_cv_t<typename T::value_type> const*;
  if constexpr (is_span<T>) {
    static_assert(std::is_const_v<typename T::element_type>, "dist: a view parameter must have const elements");
    if (!store_) return in_.error.fail("a view cannot be a result");
    if (kind != item::bytes || !Reader::text_lives)
      content = store_->make<std::vector<std::byte>>(content.begin(), content.end());
    out = T(reinterpret_cast<pointer>(content.data()), content.size());
  } else if constexpr (is_std_array<T>) {
    if (content.size() != out.size()) return in_.error.fail(wrong_count(content.size(), out.size(), "byte"));
    if (!content.empty()) std::memcpy(out.data(), content.data(), content.size());
  } else {
    auto const* first = reinterpret_cast<pointer>(content.data());
    out.assign(first, first + content.size());
  }
  return true;
}

template <class Reader>
template <class T>
bool decoder<Reader>::sequence(T& out) {
  if constexpr (is_span<T>) {
    return view(out);
  } else {
    using element = typename appender<T>::element;
    if constexpr (sent_as_number<element>) {
      if (in_.next() == item::typed_array) return typed_sequence(out);
    }
    frame list;
    if constexpr (is_std_array<T>) {
      if (!begin_list_of(list, out.size(), "element")) return false;
    } else if (!in_.begin_list(list)) {
      return false;
    }
    appender<T> to(out);
    to.expect(list.count);
    for (std::size_t at = 0; at < list.count; ++at) {
      in_.element(list, at);
      auto read = [&](element& part) { return (*this)(part); };
      if (!to.next(at, read, [&] { return in_.error.fail("duplicate element of a set"); }))
        return in_.error.in_element(at);
    }
    in_.end(list);
    return true;
  }
}

template <class Reader>
template <class T>
bool decoder<Reader>::typed_sequence(T& out) {
  using element = typename appender<T>::element;
  typed_array array;
  if (!in_.array(array)) return false;
  if constexpr (is_std_array<T>) {
    if (array.count() != out.size()) return in_.error.fail(wrong_count(array.count(), out.size(), "element"));
  }
  if constexpr (contiguous_sequence<T> && plain_number<element>) {
    if (array.is_native<element>()) {
      if constexpr (!is_std_array<T>) {
        if (auto const* const first = array.elements<element>()) return out.assign(first, first + array.count()), true;
        out.resize(array.count());
      }
      if (!array.data.empty()) std::memcpy(out.data(), array.data.data(), array.data.size());
      return true;
    }
  }
  appender<T> to(out);
  to.expect(array.count());
  for (std::size_t at = 0; at < array.count(); ++at) {
    auto read = [&](element& part) { return from_number(array.get(at), part); };
    if (!to.next(at, read, [&] { return in_.error.fail("duplicate element of a set"); }))
      return in_.error.in_element(at);
  }
  return true;
}

/// A number in a typed array.
template <class Reader>
template <class T>
bool decoder<Reader>::from_number(number value, T& out) {
  if constexpr (has_stand_in<T>) {
    stand_in<T> sent{};
    return from_number(value, sent) && make(out, std::move(sent));
  } else if constexpr (std::is_enum_v<T>) {
    std::underlying_type_t<T> underlying{};
    if (!assign(value, underlying)) return false;
    out = static_cast<T>(underlying);
    return true;
  } else {
    return assign(value, out);
  }
}

template <class Reader>
template <class T>
bool decoder<Reader>::view(T& out) {
  using element = std::remove_cv_t<typename T::element_type>;
  static_assert(std::is_const_v<typename T::element_type>, "dist: a view parameter must have const elements");
  static_assert(!std::is_same_v<element, bool>, "dist: bool elements are not contiguous; use std::vector<bool>");
  if (!store_) return in_.error.fail("a view cannot be a result");
  if constexpr (plain_number<element>) {
    if (in_.next() == item::typed_array) {
      typed_array array;
      auto const start = in_;
      if (!in_.array(array)) return false;
      if (auto const* const first = array.elements<element>()) return out = T(first, array.count()), true;
      in_ = start;
    }
  }
  auto& owned = store_->make<std::vector<element>>();
  if (!sequence(owned)) return false;
  out = owned;
  return true;
}

template <class Reader>
template <class T>
bool decoder<Reader>::map_entry(T& out, typename T::key_type&& key, std::size_t at) {
  typename T::mapped_type part{};
  if (!(*this)(part)) return in_.error.in_element(at);
  if constexpr (unique_keys<T>) {
    if (!out.emplace(std::move(key), std::move(part)).second) {
      in_.error.fail("duplicate key");
      return in_.error.in_element(at);
    }
  } else {
    out.emplace(std::move(key), std::move(part));
  }
  return true;
}

/// A key that is written as the name of a member.
template <class Reader>
template <class Key>
bool decoder<Reader>::map_key(frame& entries, std::size_t at, Key& out) {
  if constexpr (has_stand_in<Key>) {
    stand_in<Key> sent{};
    return map_key(entries, at, sent) && make(out, std::move(sent));
  } else {
    std::string_view name;
    if (!in_.key(entries, at, name)) return false;
    out.assign(name);
    return true;
  }
}

template <class Reader>
template <class T>
bool decoder<Reader>::map(T& out) {
  constexpr bool text_keys = sent_kind<typename T::key_type>() == value_kind::text;
  frame entries;
  out.clear();
  if (in_.next() == item::list) {
    if (!in_.begin_list(entries)) return false;
    for (std::size_t at = 0; at < entries.count; ++at) {
      frame pair;
      typename T::key_type key{};
      in_.element(entries, at);
      if (!begin_list_of(pair, 2, "element")) return in_.error.in_element(at);
      in_.element(pair, 0);
      if (!(*this)(key)) return in_.error.in_element(at);
      in_.element(pair, 1);
      if (!map_entry(out, std::move(key), at)) return false;
      in_.end(pair);
    }
  } else {
    if constexpr (!text_keys && !Reader::native_keys) return in_.mismatch("a list of pairs");
    if (!in_.begin_map(entries)) return false;
    for (std::size_t at = 0; at < entries.count; ++at) {
      typename T::key_type key{};
      bool is_read = false;
      if constexpr (text_keys)
        is_read = map_key(entries, at, key);
      else
        is_read = (*this)(key);
      if (!is_read) return in_.error.in_element(at);
      if (!map_entry(out, std::move(key), at)) return false;
    }
  }
  in_.end(entries);
  return true;
}

template <class Reader>
template <class T>
bool decoder<Reader>::member(T& out, std::size_t index) {
  std::size_t at = 0;
  bool ok = true;
  all_members<T>([&]<class Member>(Member) {
    if (at++ != index) return true;
    ok = (*this)(out.*Member::pointer) || in_.error.in_member(Member::name);
    return false;
  });
  return ok;
}

template <class Reader>
template <class T>
bool decoder<Reader>::described(T& out) {
  constexpr auto const& names = member_names<T>;
  std::bitset<member_count<T> + 1> seen;
  std::size_t expected = 0;
  frame members;
  if (!in_.begin_map(members)) return false;
  for (std::size_t at = 0; at < members.count; ++at) {
    std::string_view name;
    if (!in_.key(members, at, name)) return false;
    auto index = expected;
    if (index >= names.size() || names[index] != name) index = find_member(name, names.data(), names.size());
    if (index == names.size()) {
      if constexpr (!Reader::ignores_unknown) return in_.error.fail("unknown member " + shortened(name));
      if (!in_.skip()) return false;
      continue;
    }
    if (seen[index]) return in_.error.fail("member " + shortened(name) + " twice");
    seen[index] = true;
    if (!member(out, index)) return false;
    expected = index + 1;
  }
  in_.end(members);
  return seen.count() == names.size() || finish_described(out, seen);
}

template <class Reader>
template <class T>
bool decoder<Reader>::absent(T& out) {
  if constexpr (has_stand_in<T>) {
    stand_in<T> sent{};
    return absent(sent) && make(out, std::move(sent));
  } else {
    out.reset();
    return true;
  }
}

/// Members that are absent: empty where the type has an empty value, missing otherwise.
template <class Reader>
template <class T>
bool decoder<Reader>::finish_described(T& out, std::bitset<member_count<T> + 1> const& seen) {
  std::size_t at = 0;
  return all_members<T>([&]<class Member>(Member) {
    if (seen[at++]) return true;
    if constexpr (sent_kind<member_type<T, Member>>() == value_kind::nullable) {
      return absent(out.*Member::pointer) || in_.error.in_member(Member::name);
    } else {
      return in_.error.fail("member " + std::string(Member::name) + " is missing");
    }
  });
}

}  // namespace dist
