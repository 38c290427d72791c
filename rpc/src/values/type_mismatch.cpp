#include <dist/rpc/detail/type_text.hpp>

#include <dist/rpc/detail/value_error.hpp>

#include <algorithm>
#include <charconv>
#include <deque>
#include <set>
#include <utility>
#include <vector>

namespace dist {

namespace {

// Type texts come from peers, so their size, their nesting and the work of comparing them are bounded.
constexpr std::size_t text_limit = 256 * 1024;
constexpr std::size_t depth_limit = 64;
constexpr std::size_t message_limit = 400;
constexpr std::size_t compare_depth_limit = 1000;  // recursive types can go deeper together than each for itself
constexpr std::size_t step_limit = 200'000;

struct type_node {
  std::string_view name;                 ///< `int64`, `list`, `enum`; empty for a struct
  std::string_view text;                 ///< the whole type, for messages
  std::vector<type_node const*> parts;   ///< element types, member types
  std::vector<std::string_view> labels;  ///< member names, enumerators, an array's size, a duration's period
};

/// Reads a type text into nodes. References are resolved to the struct they mean.
class type_parser {
 public:
  explicit type_parser(std::string_view text) noexcept : text_(text) {}

  type_node const* parse() {
    if (text_.size() > text_limit) return nullptr;
    auto const* node = type();
    return at_ == text_.size() ? node : nullptr;
  }

 private:
  bool take(char wanted) noexcept {
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  std::string_view word() noexcept {
    auto const end = std::min(text_.find_first_of("<>{},:^", at_), text_.size());
    auto const found = text_.substr(at_, end - at_);
    at_ = end;
    return found;
  }

  type_node const* type() {
    auto const start = at_;
    if (take('^')) return reference();
    if (depth_ == depth_limit) return nullptr;
    ++depth_;
    auto& node = nodes_.emplace_back();
    node.name = word();
    bool ok = false;
    if (take('{'))
      ok = node.name.empty() ? members(node) : node.name == "enum" && enumerators(node);
    else
      ok = !node.name.empty() && (!take('<') || parts(node));
    --depth_;
    node.text = text_.substr(start, at_ - start);
    return ok ? &node : nullptr;
  }

  type_node const* reference() {
    auto const digits = word();
    std::size_t level = 0;
    auto const [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), level);
    if (ec != std::errc() || end != digits.data() + digits.size() || level >= enclosing_.size()) return nullptr;
    return enclosing_[enclosing_.size() - 1 - level];
  }

  bool members(type_node& node) {
    if (take('}')) return true;
    enclosing_.push_back(&node);
    do {
      node.labels.push_back(word());
      if (node.labels.back().empty() || !take(':')) return false;
      node.parts.push_back(type());
      if (!node.parts.back()) return false;
    } while (take(','));
    enclosing_.pop_back();
    return take('}');
  }
  bool enumerators(type_node& node) {
    if (take('}')) return true;
    do {
      node.labels.push_back(word());
    } while (take(','));
    return take('}');
  }
  bool parts(type_node& node) {
    if (take('>')) return true;
    do {
      bool const is_label = at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9';
      if (is_label) {
        node.labels.push_back(word());
      } else {
        node.parts.push_back(type());
        if (!node.parts.back()) return false;
      }
    } while (take(','));
    return take('>');
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  std::deque<type_node> nodes_;  // never moves its elements
  std::vector<type_node const*> enclosing_;
};

/// The exact integers that a type can hold, as powers of two: [-2^low, 2^high]; low 0 means no negative ones.
struct integer_range {
  int low = 0;
  int high = 0;
};

bool find_integer(std::string_view name, integer_range& out) noexcept {
  bool const is_unsigned = name.starts_with("uint");
  if (!is_unsigned && !name.starts_with("int")) return false;
  int bits = 0;
  auto const digits = name.substr(is_unsigned ? 4 : 3);
  if (std::from_chars(digits.data(), digits.data() + digits.size(), bits).ec != std::errc()) return false;
  out = is_unsigned ? integer_range{0, bits} : integer_range{bits - 1, bits - 1};
  return true;
}

class type_comparer {
 public:
  /// Whether `reader` accepts what `writer` writes; otherwise `why` and `path` tell the reason.
  bool accepts(type_node const& reader, type_node const& writer) {
    if (++steps_ > step_limit || depth_ == compare_depth_limit) return fail("the types are too large to compare");
    ++depth_;
    bool const accepted = node_accepts(reader, writer);
    --depth_;
    return accepted;
  }

  std::string why;
  std::string path;

 private:
  bool node_accepts(type_node const& reader, type_node const& writer) {
    if (reader.name == "any" || writer.name == "any") return true;
    if (reader.name == "optional" && reader.parts.size() == 1) {
      auto const& inner = writer.name == "optional" && writer.parts.size() == 1 ? *writer.parts[0] : writer;
      return writer.name == "null" || accepts(*reader.parts[0], inner);
    }
    if (reader.name.empty() && writer.name.empty()) return struct_accepts(reader, writer);
    if (number_accepts(reader.name, writer.name)) return true;
    if (reader.name == "bytes") return bytes_accept(reader, writer);
    if (reader.name != writer.name) return fail_on(reader, writer);
    if (reader.name == "enum") return enum_accepts(reader, writer);
    if (reader.name == "list" && !reader.labels.empty() && reader.labels != writer.labels)
      return fail_on(reader, writer);
    if (reader.name == "duration" && reader.labels != writer.labels) return fail_on(reader, writer);
    bool const fewer = reader.name == "variant" && writer.parts.size() < reader.parts.size();
    if (reader.parts.size() != writer.parts.size() && !fewer) return fail_on(reader, writer);
    for (std::size_t i = 0; i < writer.parts.size(); ++i)
      if (!accepts(*reader.parts[i], *writer.parts[i])) return false;
    return true;
  }

  bool fail(std::string what) {
    why = std::move(what);
    return false;
  }
  bool fail_on(type_node const& reader, type_node const& writer) {
    return fail(shortened(writer.text, message_limit) + " is sent where " + shortened(reader.text, message_limit) +
                " is read");
  }

  static bool number_accepts(std::string_view reader, std::string_view writer) noexcept {
    integer_range wanted, written;
    if (reader == "double" && writer == "float") return true;
    if (!find_integer(writer, written)) return false;
    if (reader == "double") wanted = {53, 53};
    if (reader == "float") wanted = {24, 24};
    if (wanted.high == 0 && !find_integer(reader, wanted)) return false;
    return written.low <= wanted.low && written.high <= wanted.high;
  }

  bool bytes_accept(type_node const& reader, type_node const& writer) {
    bool const is_bytes = writer.name == "bytes";
    bool const is_list = writer.name == "list" && writer.parts.size() == 1 && writer.parts[0]->name == "uint8";
    bool const fits = reader.labels.empty() || reader.labels == writer.labels;
    return ((is_bytes || is_list) && fits) || fail_on(reader, writer);
  }

  bool enum_accepts(type_node const& reader, type_node const& writer) {
    std::set<std::string_view> const known(reader.labels.begin(), reader.labels.end());
    for (auto name : writer.labels)
      if (!known.contains(name)) return fail("the enumerator " + shortened(name) + " is sent but not known here");
    return true;
  }

  bool struct_accepts(type_node const& reader, type_node const& writer) {
    if (!assumed_.emplace(&reader, &writer).second) return true;
    for (std::size_t i = 0; i < reader.labels.size(); ++i) {
      auto const found = std::find(writer.labels.begin(), writer.labels.end(), reader.labels[i]);
      steps_ += writer.labels.size();
      if (found == writer.labels.end()) {
        if (reader.parts[i]->name == "optional") continue;
        return fail("member " + shortened(reader.labels[i]) + " is read and not written");
      }
      auto const& written = *writer.parts[static_cast<std::size_t>(found - writer.labels.begin())];
      if (!accepts(*reader.parts[i], written)) {
        path.insert(0, "." + shortened(reader.labels[i]));
        return false;
      }
    }
    return true;
  }

  std::set<std::pair<type_node const*, type_node const*>> assumed_;  ///< structs compared or being compared
  std::size_t steps_ = 0;
  std::size_t depth_ = 0;
};

}  // namespace

std::string type_mismatch(std::string_view reader, std::string_view writer) {
  if (reader == writer) return {};
  type_parser reader_parser(reader);
  type_parser writer_parser(writer);
  auto const* wanted = reader_parser.parse();
  auto const* written = writer_parser.parse();
  if (!wanted || !written) return "not a type: " + shortened(wanted ? writer : reader, message_limit);
  type_comparer compare;
  if (compare.accepts(*wanted, *written)) return {};
  return compare.path.empty() ? compare.why : "member " + compare.path.substr(1) + ": " + compare.why;
}

}  // namespace dist
