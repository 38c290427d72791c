#include <dist/rpc/fault.hpp>

#include <ostream>

namespace dist {

fault make_fault(errc code, std::string message) {
  fault result;
  result.code = code;
  result.message = std::move(message);
  switch (code) {
    case errc::method_failed:
    case errc::bad_result:
      result.known = progress::executed;
      result.may = remedy::never;
      break;
    case errc::transient:
      result.known = progress::executed;
      result.may = remedy::elsewhere;
      break;
    case errc::connection_lost:
    case errc::node_lost:
    case errc::protocol_error:
      result.known = progress::unknown;
      result.may = remedy::if_repeatable;
      break;
    case errc::no_node:
    case errc::overloaded:
    case errc::draining:
    case errc::incompatible: result.may = remedy::elsewhere; break;
    case errc::poisoned: result.known = progress::unknown; break;
    case errc::unknown_method:
    case errc::bad_arguments:
    case errc::deadline_exceeded:
    case errc::cancelled:
    case errc::denied:
    case errc::limit_exceeded:
    case errc::stopped: break;
  }
  return result;
}

std::string to_text(fault const& what) {
  std::string text;
  if (!what.method.empty()) text += what.method;
  if (!what.node.empty()) text += (text.empty() ? "node " : " on ") + what.node;
  if (!text.empty()) text += ": ";
  auto const sentence = make_error_code(what.code).message();
  text += sentence;
  if (!what.message.empty()) text += ": " + what.message;
  if (!what.cause.empty()) text += "; first cause: " + what.cause;
  if (what.known == progress::unknown && !what.method.empty()) text += " (unknown whether it ran)";
  return text;
}

std::ostream& operator<<(std::ostream& out, fault const& what) { return out << to_text(what); }

call_error::call_error(dist::fault what)
    : std::system_error(make_error_code(what.code)), fault_(std::move(what)), text_(to_text(fault_)) {}

}  // namespace dist
