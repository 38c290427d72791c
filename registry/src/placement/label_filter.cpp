#include "placement/label_filter.hpp"

#include <algorithm>

namespace dist {

bool meets(node_labels const& labels, label_filter const& all) noexcept {
  return std::ranges::all_of(all, [&](label_need const& one) {
    auto const found = labels.find(one.name);
    return found != labels.end() && (!one.value || found->second == *one.value);
  });
}

std::string to_text(label_filter const& all) {
  std::string text = all.size() == 1 ? "label " : "labels ";
  for (std::size_t n = 0; n < all.size(); ++n) {
    if (n > 0) text += " and ";
    text += all[n].value ? all[n].name + "=" + *all[n].value : all[n].name;
  }
  return text;
}

result<written_needs> read_needs(std::span<std::string const> written) {
  written_needs out;
  for (auto const& one : written) {
    auto const sign = one.find('=');
    label_need need{one.substr(0, sign), {}};
    if (sign != one.npos) need.value = one.substr(sign + 1);
    if (need.name.empty())
      return make_fault(errc::bad_arguments, "needs(\"" + one + "\"): a label is NAME=VALUE, or NAME for any value");
    if (need.name != "node") {
      out.labels.push_back(std::move(need));
    } else if (need.value) {
      if (out.node && *out.node != *need.value)
        return make_fault(errc::bad_arguments, "a call needs one node, not both " + *out.node + " and " + *need.value);
      out.node = std::move(need.value);
    }
  }
  std::ranges::sort(out.labels);
  auto const repeated = std::ranges::unique(out.labels);
  out.labels.erase(repeated.begin(), repeated.end());
  return out;
}

result<label_filter_ref> label_filter_table::intern(label_filter const& all) {
  if (all.empty()) return no_label_filter;
  if (auto const known = refs_.find(all); known != refs_.end()) return known->second;
  if (label_filters_.size() > most_)
    return make_fault(errc::limit_exceeded, "calls have asked for " + std::to_string(most_) +
                                                " different label sets, which is the limit (label_filter_count); " +
                                                to_text(all) + " is one more");
  auto const made = static_cast<label_filter_ref>(label_filters_.size());
  label_filters_.push_back(all);
  refs_.emplace(all, made);
  return made;
}

}  // namespace dist
