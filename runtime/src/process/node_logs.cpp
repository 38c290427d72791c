#include "process/node_logs.hpp"

#include <algorithm>
#include <dist/rpc/detail/text.hpp>

#include "process/node_text.hpp"

namespace dist {
namespace {

/// They come from a peer and need not be fit to be shown.
std::string made_fit(std::string_view lines) {
  std::string fit;
  while (!lines.empty()) {
    auto const end = std::min(lines.find('\n'), lines.size());
    fit += printable(lines.substr(0, end), node_text::line_bytes) + '\n';
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return fit;
}

}  // namespace

std::string node_logs::add(std::string const& node, std::string_view lines) {
  // Our nodes do not send more at once.
  if (lines.size() > bytes_of_each) lines.remove_prefix(lines.size() - bytes_of_each);
  auto fit = made_fit(lines);
  auto& to = log_of(node);
  to.kept += fit;
  to.end += fit.size();
  if (to.kept.size() > bytes_of_each) {
    // From the beginning of a line on.
    auto const cut = to.kept.find('\n', to.kept.size() - bytes_of_each - 1);
    to.kept.erase(0, cut + 1);
  }
  return fit;
}

std::optional<node_logs::part> node_logs::read(std::string const& node, std::uint64_t from) const {
  auto const found = logs_.find(node);
  if (found == logs_.end()) return std::nullopt;
  auto const& [kept, end, turn] = found->second;
  auto const begin = end - kept.size();
  if (from < begin || from > end) from = begin;
  return part{kept.substr(from - begin), end};
}

node_logs::node_log& node_logs::log_of(std::string const& node) {
  auto const [at, is_new] = logs_.try_emplace(node);
  auto& found = at->second;
  if (is_new)
    found.turn = turns_.insert(turns_.end(), node);
  else
    turns_.splice(turns_.end(), turns_, found.turn);
  if (logs_.size() > most_nodes) {
    logs_.erase(turns_.front());
    turns_.pop_front();
  }
  return found;
}

}  // namespace dist
