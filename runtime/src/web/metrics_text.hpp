#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "record/histogram.hpp"

namespace dist {

/// Writes metrics in Prometheus' text format 0.0.4: a family's head, then its samples. Pure.
class metrics_text {
 public:
  using label = std::pair<std::string_view, std::string_view>;
  using labels = std::initializer_list<label>;

  /// `type` is counter, gauge or histogram; the samples that follow are this family's.
  void family(std::string_view name, std::string_view type, std::string_view help);
  void sample(labels with, std::uint64_t value);
  void sample(labels with, double value);
  /// A family without labels in one go.
  void single(std::string_view name, std::string_view type, std::string_view help, std::uint64_t value);
  /// In seconds, cut into 16 buckets. Not more than two labels.
  void sample(labels with, histogram const& values);

  std::string take() { return std::move(text_); }

 private:
  void begin(std::string_view suffix, labels with, std::string_view le = {});

  std::string text_;
  std::string name_;
};

}  // namespace dist
