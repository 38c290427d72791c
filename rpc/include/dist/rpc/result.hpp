#pragma once

#include <boost/system/result.hpp>
#include <dist/rpc/fault.hpp>

namespace dist {

/// A value or a fault; `.value()` throws call_error.
template <class T>
using result = boost::system::result<T, fault>;

[[noreturn]] inline void throw_exception_from_error(fault const& what, boost::source_location const&) {
  throw call_error(what);
}

}  // namespace dist
