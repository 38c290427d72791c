#pragma once

#include <dist/rpc/detail/end_facts.hpp>
#include <dist/runtime/detail/call_record.hpp>
#include <optional>
#include <string>

namespace dist {

/// Why a call ends before its route has ended it.
enum class give_up_reason {
  cancelled,  ///< it is no longer needed
  deadline,   ///< its time has passed
  stopped,    ///< its book was stopped
};

/// Where the calls of a book go. Each send_out() leads to one call_book::finish() or fail(), unless the call is given up
/// first. I/O thread, except for make_record().
class call_route {
 public:
  virtual ~call_route() = default;

  /// A record of the route's own type. Any thread.
  virtual call_ptr make_record() const = 0;
  /// Sends a live call on its way; may end it at once.
  virtual void send_out(call_ptr const& call) = 0;
  /// Forgets a live call, which may not have been sent out, and tells its node if it is on one. Nothing: its end has been
  /// decided already and is on its way.
  virtual std::optional<end_facts> give_up(call_record& call, give_up_reason why) = 0;

  /// The node that runs the call, if this process knows it; empty if it waits or has ended.
  virtual std::string place_of(call_record const& call) const = 0;
  /// For people: why a live call waits, or why it is where it is.
  virtual std::string why(call_record const& call) const = 0;
  /// For people: details to append to where a call ended.
  virtual std::string how_it_went(call_record const& call) const = 0;
  /// One line for people: what the calls have come to.
  virtual std::string account_text() const = 0;
};

}  // namespace dist
