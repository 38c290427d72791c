#include "service/method_fault.hpp"

#include <asio/error.hpp>
#include <dist/rpc/detail/thrown.hpp>

#include <utility>

namespace dist {
namespace {

fault ended_as(errc code, std::string message) {
  auto what = make_fault(code, std::move(message));
  what.known = progress::executed;
  return what;
}

/// The method made a call itself and let its failure propagate: its own caller must know that it ran; why it failed
/// is the first cause.
fault fault_of_nested(fault const& inner) {
  auto const name = inner.method.empty() ? std::string("a call") : "the call of " + inner.method;
  auto what = ended_as(errc::method_failed, name + " that it made failed: " + make_error_code(inner.code).message());
  what.cause = inner.cause.empty() ? to_text(inner) : inner.cause;
  return what;
}

}  // namespace

fault fault_of_exception(std::exception_ptr const& thrown, call_scope const* scope) {
  bool const cancelled = scope && scope->cancelled();
  try {
    std::rethrow_exception(thrown);
  } catch (transient const&) {
    return ended_as(errc::transient, text_of_exception(thrown));
  } catch (call_error const& e) {
    if (cancelled && e.code() == errc::cancelled) return ended_as(errc::cancelled, e.fault().message);
    return fault_of_nested(e.fault());
  } catch (std::system_error const& e) {
    if (cancelled && e.code() == asio::error::operation_aborted)
      return ended_as(errc::cancelled, "the method was cancelled while it waited");
    return ended_as(errc::method_failed, text_of_exception(thrown));
  } catch (...) {
    return ended_as(errc::method_failed, text_of_exception(thrown));
  }
}

fault cancelled_before_start() { return make_fault(errc::cancelled, "cancelled before the method started"); }

}  // namespace dist
