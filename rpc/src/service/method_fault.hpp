#pragma once

#include <dist/rpc/context.hpp>
#include <dist/rpc/fault.hpp>

#include <exception>
#include <string>

namespace dist {

/// The exception of a method, as a fault of its call; `scope` (may be null) distinguishes a cancellation from other
/// aborted operations.
fault fault_of_exception(std::exception_ptr const& thrown, call_scope const* scope);

/// For a call that was cancelled before its method began.
fault cancelled_before_start();

}  // namespace dist
