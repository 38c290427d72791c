#pragma once

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>
#include <dist/rpc/error.hpp>
#include <iosfwd>
#include <stdexcept>
#include <string>
#include <system_error>

namespace dist {

/// Whether a failed call was executed.
enum class progress {
  not_started,  ///< the method did not begin: never written, refused, unknown, full, bad arguments
  unknown,      ///< it was written and no answer came: it may have run, in part or in whole
  executed,     ///< it ran, and this is how it ended
};
BOOST_DESCRIBE_ENUM(progress, not_started, unknown, executed)

/// How a failed call may be retried.
enum class remedy {
  elsewhere,      ///< another node may take it: nothing happened here
  if_repeatable,  ///< only if the method does no harm when it runs twice
  never,          ///< every attempt ends like this one
};
BOOST_DESCRIBE_ENUM(remedy, elsewhere, if_repeatable, never)

/// A failure as it travels from a node to its caller.
struct fault {
  errc code = errc::method_failed;
  std::string message;                      ///< one sentence for people; names the thing and the limit
  std::string method;                       ///< `Class.method`, empty where no call was concerned
  std::string node;                         ///< the node's name, empty where none was concerned
  std::string phase;                        ///< queueing, sending, running, replying
  std::string cause;                        ///< the first cause, where another followed from it
  progress known = progress::not_started;
  remedy may = remedy::never;
};

/// A fault with the knowledge and remedy that are usual for `code`.
fault make_fault(errc code, std::string message);

/// One line for people: `Arith.sum on ws07: node lost: no beat for 30 s (unknown whether it ran)`.
std::string to_text(fault const& what);
std::ostream& operator<<(std::ostream& out, fault const& what);

/// What `dist::call` throws: an std::system_error that carries the whole fault.
class call_error : public std::system_error {
 public:
  explicit call_error(dist::fault what);

  dist::fault const& fault() const noexcept { return fault_; }
  /// to_text of the fault.
  char const* what() const noexcept override { return text_.c_str(); }

 private:
  dist::fault fault_;
  std::string text_;
};

/// Thrown by a method if another attempt may succeed.
class transient : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace dist
