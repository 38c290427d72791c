#include "web/metrics_text.hpp"

#include <charconv>
#include <dist/rpc/detail/text.hpp>

namespace dist {
namespace {

constexpr std::size_t most_label_bytes = 300;

/// Names come from peers, and a label is UTF-8 on one line.
void append_label(std::string& text, metrics_text::label const& one, char before) {
  text += before;
  text.append(one.first).append("=\"");
  for (auto const c : printable(one.second, most_label_bytes)) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  text += '"';
}

std::string number(double value) {
  char out[32];
  auto const end = std::to_chars(out, out + sizeof out, value);
  return {out, end.ptr};
}

}  // namespace

void metrics_text::family(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  text_.append("# HELP ").append(name).append(" ").append(help);
  text_.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
}

void metrics_text::begin(std::string_view suffix, labels with, std::string_view le) {
  text_.append(name_).append(suffix);
  char before = '{';
  for (auto const& one : with) append_label(text_, one, std::exchange(before, ','));
  if (!le.empty()) append_label(text_, {"le", le}, std::exchange(before, ','));
  if (before == ',') text_ += '}';
  text_ += ' ';
}

void metrics_text::sample(labels with, std::uint64_t value) {
  begin({}, with);
  text_ += std::to_string(value) + '\n';
}

void metrics_text::sample(labels with, double value) {
  begin({}, with);
  text_ += number(value) + '\n';
}

void metrics_text::single(std::string_view name, std::string_view type, std::string_view help, std::uint64_t value) {
  family(name, type, help);
  sample({}, value);
}

void metrics_text::sample(labels with, histogram const& values) {
  // From 4 us to 71 minutes, each four times the one before: these are edges of the finer buckets too.
  std::uint64_t edge = 4;
  for (int i = 0; i < 16; ++i, edge *= 4) {
    begin("_bucket", with, number(static_cast<double>(edge) / 1e6));
    text_ += std::to_string(values.below(histogram::index(edge))) + '\n';
  }
  auto const all = std::to_string(values.count());
  begin("_bucket", with, "+Inf");
  text_ += all + '\n';
  begin("_sum", with);
  text_ += number(static_cast<double>(values.sum()) / 1e6) + '\n';
  begin("_count", with);
  text_ += all + '\n';
}

}  // namespace dist
