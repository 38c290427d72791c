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
enum class wish_ref : std::uint32_t {};
/// Any node will do.
inline constexpr wish_ref no_wish{};

/// One label that a call asks for: with this value, or with any.
struct label_need {
  std::string name;
  std::optional<std::string> value;

  friend auto operator<=>(label_need const&, label_need const&) = default;
};

/// All of these; sorted, each once.
using wish = std::vector<label_need>;
using node_labels = std::map<std::string, std::string>;

bool meets(node_labels const& labels, wish const& all) noexcept;
/// `label gpu=1`, `labels gpu=1 and zone`.
std::string to_text(wish const& all);

/// Labels as a caller wrote them: `gpu=1`, `gpu`; `node=NAME` is that node, not a label.
struct written_needs {
  wish labels;
  std::optional<std::string> node;
};
/// Errors  errc::bad_arguments: a label without a name, two different nodes.
result<written_needs> read_needs(std::span<std::string const> written);

/// Label sets as small numbers. Callers can ask for any labels, so their number is bounded.
class wish_table {
 public:
  explicit wish_table(std::size_t most) : most_(most), wishes_(1) {}

  /// Errors  errc::limit_exceeded.
  result<wish_ref> intern(wish const& all);
  wish const& at(wish_ref one) const noexcept { return wishes_[static_cast<std::size_t>(one)]; }
  std::size_t size() const noexcept { return wishes_.size(); }

 private:
  std::size_t most_;
  std::vector<wish> wishes_;  ///< the first asks for nothing
  std::map<wish, wish_ref> refs_;
};

}  // namespace dist
