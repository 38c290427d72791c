#include "values/json_document.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <limits>

namespace dist {

/// Takes basic_parser's events. Its own doubles are inexact, so that numbers are kept as text.
class json_document::builder {
  using string_view = boost::json::string_view;

 public:
  using error_code = boost::json::error_code;
  static constexpr std::size_t max_object_size = std::numeric_limits<std::uint32_t>::max();
  static constexpr std::size_t max_array_size = max_object_size;
  static constexpr std::size_t max_key_size = max_object_size;
  static constexpr std::size_t max_string_size = max_object_size;

  explicit builder(json_document& out) noexcept : out_(out) {}

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) { return begin(item::map); }
  bool on_array_begin(error_code&) { return begin(item::list); }
  bool on_object_end(std::size_t count, error_code&) { return end(count); }
  bool on_array_end(std::size_t count, error_code&) { return end(count); }
  bool on_key_part(string_view text, std::size_t, error_code&) { return keep(text); }
  bool on_key(string_view text, std::size_t, error_code&) { return keep(text) && add_text(item::text); }
  bool on_string_part(string_view text, std::size_t, error_code&) { return keep(text); }
  bool on_string(string_view text, std::size_t, error_code&) { return keep(text) && add_text(item::text); }
  bool on_number_part(string_view text, error_code&) { return keep(text); }
  bool on_int64(std::int64_t, string_view text, error_code&) { return keep(text) && add_text(item::number); }
  bool on_uint64(std::uint64_t, string_view text, error_code&) { return keep(text) && add_text(item::number); }
  bool on_double(double, string_view text, error_code&) { return keep(text) && add_text(item::number); }
  bool on_bool(bool value, error_code&) {
    add(item::boolean).truth = value;
    return true;
  }
  bool on_null(error_code&) {
    add(item::null);
    return true;
  }
  bool on_comment_part(string_view, error_code&) { return true; }
  bool on_comment(string_view, error_code&) { return true; }

 private:
  std::uint32_t count() const noexcept { return static_cast<std::uint32_t>(out_.nodes_.size()); }
  json_node& add(item kind) {
    auto& made = out_.nodes_.emplace_back();
    made.kind = kind;
    made.end = count();
    return made;
  }
  bool keep(string_view text) {
    out_.characters_.append(text.data(), text.size());
    return true;
  }
  bool add_text(item kind) {
    auto& made = add(kind);
    made.at = kept_;
    made.size = static_cast<std::uint32_t>(out_.characters_.size()) - kept_;
    kept_ += made.size;
    return true;
  }
  bool begin(item kind) {
    auto& made = add(kind);
    made.end = open_;  // while it is open: the one around it
    open_ = count();
    return true;
  }
  bool end(std::size_t size) {
    auto& closed = out_.nodes_[open_ - 1];
    open_ = std::exchange(closed.end, count());
    closed.size = static_cast<std::uint32_t>(size);
    return true;
  }

  json_document& out_;
  std::uint32_t kept_ = 0;  ///< characters that belong to nodes
  std::uint32_t open_ = 0;  ///< the node after the innermost open list or map; 0: none
};

result<std::shared_ptr<json_document const>> json_document::parse(std::string_view text, std::size_t depth_limit) {
  if (text.size() >= std::numeric_limits<std::uint32_t>::max())
    return make_fault(errc::limit_exceeded, "a JSON text of " + std::to_string(text.size()) + " bytes: the most are 4 GB");
  auto made = std::make_shared<json_document>();
  // Enough for most messages. There are never more characters than the text has.
  made->nodes_.reserve(16);
  made->characters_.reserve(text.size());
  boost::json::parse_options options;
  options.max_depth = depth_limit;
  boost::json::basic_parser<builder> parser(options, *made);
  boost::json::error_code ec;
  auto const read = parser.write_some(false, text.data(), text.size(), ec);
  if (!ec && read < text.size()) ec = boost::json::error::extra_data;
  if (!ec) return std::shared_ptr<json_document const>(std::move(made));
  if (ec == boost::json::error::too_deep)
    return make_fault(errc::limit_exceeded, "JSON nested deeper than " + std::to_string(depth_limit) + " levels (depth)");
  return make_fault(errc::protocol_error, "not JSON at byte " + std::to_string(read) + ": " + ec.message());
}

std::shared_ptr<json_document const> json_document::nothing() {
  auto made = std::make_shared<json_document>();
  made->nodes_.emplace_back().end = 1;
  return made;
}

}  // namespace dist
