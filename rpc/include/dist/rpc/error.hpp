#pragma once

#include <dist/rpc/requirements.hpp>

#include <string_view>
#include <system_error>

namespace dist {

/// Why a call or a connection failed. Travels by name, never by number.
enum class errc {
  unknown_method = 1,  ///< no service at the peer has a method of this name
  bad_arguments,       ///< the arguments do not fit the method's parameters
  bad_result,          ///< the result could not be encoded, or does not fit the caller's type
  method_failed,       ///< the method ran and threw
  transient,           ///< the method ran and threw dist::transient: another attempt may succeed
  connection_lost,     ///< the connection ended while the call was on it
  node_lost,           ///< the node was declared lost by its silence
  no_node,             ///< no living node has the method
  deadline_exceeded,   ///< the call's deadline passed
  cancelled,           ///< the caller cancelled, dropped or left the call
  overloaded,          ///< a queue or a connection is at its limit
  draining,            ///< the node takes no new calls: it is about to leave
  poisoned,            ///< several nodes died while they executed this call
  denied,              ///< the secret or a right is missing or wrong
  incompatible,        ///< the two programs do not agree on the method's types or on the protocol's version
  limit_exceeded,      ///< a size, depth or count limit was exceeded; the message names it
  protocol_error,      ///< the peer sent bytes that are not the protocol
  stopped,             ///< the object that served the call was stopped
};

/// What the caller should do next; an std::error_condition that every errc maps to.
enum class failure {
  invalid = 1,   ///< correct the call: it can never succeed as it is
  busy,          ///< try again later
  disconnected,  ///< the peer is gone
  timed_out,     ///< the deadline passed
  cancelled,     ///< the caller no longer needs it
  unsupported,   ///< the peer cannot do this
  denied,        ///< show the right secret
  failed,        ///< the method itself failed
};

std::error_category const& error_category() noexcept;
std::error_category const& failure_category() noexcept;

std::error_code make_error_code(errc code) noexcept;
std::error_condition make_error_condition(failure kind) noexcept;

/// The enumerator's own name, `unknown_method`.
std::string_view to_text(errc code) noexcept;
/// The opposite of to_text; an unknown name is `method_failed`, so that newer peers stay readable.
errc errc_from_text(std::string_view name) noexcept;

}  // namespace dist

template <>
struct std::is_error_code_enum<dist::errc> : std::true_type {};
template <>
struct std::is_error_condition_enum<dist::failure> : std::true_type {};
