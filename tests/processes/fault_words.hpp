#pragma once

#include <cstddef>
#include <dist/dist.hpp>
#include <filesystem>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

/// The arguments of a job, such as `count=3 within=200`.
class given_words {
 public:
  explicit given_words(std::vector<std::string> const& words) {
    for (auto const& word : words) {
      auto const equals = word.find('=');
      if (equals == word.npos) throw dist::usage_error("a word is NAME=VALUE, not " + word);
      values_[word.substr(0, equals)] = word.substr(equals + 1);
    }
  }
  std::string text(std::string const& name) const {
    auto const found = values_.find(name);
    return found == values_.end() ? std::string() : found->second;
  }
  std::int64_t number(std::string const& name, std::int64_t otherwise) const {
    auto const value = text(name);
    return value.empty() ? otherwise : std::stoll(value);
  }
  /// `us=1000,3000`: the values in turn, by tag.
  std::int64_t one_of(std::string const& name, std::int64_t tag) const {
    std::vector<std::int64_t> numbers;
    auto const value = text(name);
    for (std::size_t at = 0; at < value.size();) {
      auto const comma = std::min(value.find(',', at), value.size());
      numbers.push_back(std::stoll(value.substr(at, comma - at)));
      at = comma + 1;
    }
    if (numbers.empty()) throw dist::usage_error(name + "= is missing");
    return numbers[static_cast<std::size_t>(tag) % numbers.size()];
  }

 private:
  std::map<std::string, std::string> values_;
};

using nap_input = std::tuple<std::int64_t, std::int64_t, std::string>;

/// The arguments of naps 0, 1, 2 ...: `count` of them, or until the file `until` exists. An input range.
class nap_inputs {
 public:
  explicit nap_inputs(given_words words)
      : words_(std::move(words)), until_(words_.text("until")), count_(words_.number("count", INT64_MAX)) {}

  class iterator {
   public:
    using difference_type = std::ptrdiff_t;
    using value_type = nap_input;

    iterator() = default;
    explicit iterator(nap_inputs const& of) : of_(&of) { look(); }
    nap_input operator*() const { return {tag_, of_->words_.one_of("us", tag_), of_->words_.text("log")}; }
    iterator& operator++() {
      ++tag_;
      look();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(iterator const& at, std::default_sentinel_t) { return at.over_; }

   private:
    // Checked once per input: the answer must not change between two checks.
    void look() { over_ = tag_ >= of_->count_ || (!of_->until_.empty() && std::filesystem::exists(of_->until_)); }

    nap_inputs const* of_ = nullptr;
    std::int64_t tag_ = 0;
    bool over_ = true;
  };

  iterator begin() const { return iterator(*this); }
  std::default_sentinel_t end() const { return {}; }

 private:
  given_words words_;
  std::string until_;
  std::int64_t count_;
};
