#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <dist/rpc/result.hpp>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace dist {

/// The number of a set of labels that calls ask for, for the life of its registry.
enum class label_filter_ref : std::uint32_t {};
/// Any node will do.
inline constexpr label_filter_ref no_label_filter{};

/// One label that a call asks for: with this value, or with any.
struct label_need {
  std::string name;
  std::optional<std::string> value;

  friend auto operator<=>(label_need const&, label_need const&) = default;
};

/// All of these; sorted, each once.
using label_filter = std::vector<label_need>;
using node_labels = std::map<std::string, std::string>;

bool meets(node_labels const& labels, label_filter const& all) noexcept;
/// `label gpu=1`, `labels gpu=1 and zone`.
std::string to_text(label_filter const& all);

/// Labels as a caller wrote them: `gpu=1`, `gpu`; `node=NAME` is that node, not a label.
struct written_needs {
  label_filter labels;
  std::optional<std::string> node;
};
/// Errors  errc::bad_arguments: a label without a name, two different nodes.
result<written_needs> read_needs(std::span<std::string const> written);

/// Label sets as small numbers. Callers can ask for any labels, so their number is bounded.
class label_filter_table {
 public:
  explicit label_filter_table(std::size_t most) : most_(most), label_filters_(1) {}

  /// Errors  errc::limit_exceeded.
  result<label_filter_ref> intern(label_filter const& all);
  label_filter const& at(label_filter_ref one) const noexcept { return label_filters_[static_cast<std::size_t>(one)]; }
  std::size_t size() const noexcept { return label_filters_.size(); }

 private:
  std::size_t most_;
  std::vector<label_filter> label_filters_;  ///< the first asks for nothing
  std::map<label_filter, label_filter_ref> refs_;
};

}  // namespace dist
