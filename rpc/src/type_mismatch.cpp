#include <dist/rpc/type_text.hpp>

namespace dist {

std::string type_mismatch(std::string_view reader, std::string_view writer) {
  if (reader == writer) return {};
  return std::string(writer).append(" is written where ").append(reader).append(" is read");
}

}  // namespace dist
