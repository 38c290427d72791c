#pragma once

#include <asio/any_io_executor.hpp>

// Clang 19 and g++ 12 give these six functions of Asio different names: they write the type behind `int` in its declaration
// down in different ways. Where each file has them for itself, a program may be built by another compiler than the library.
#ifdef ASIO_SEPARATE_COMPILATION
namespace asio {

template <>
inline any_io_executor any_io_executor::require(execution::blocking_t::never_t const& property, int) const {
  return static_cast<base_type const&>(*this).require(property);
}
template <>
inline any_io_executor any_io_executor::prefer(execution::blocking_t::possibly_t const& property, int) const {
  return static_cast<base_type const&>(*this).prefer(property);
}
template <>
inline any_io_executor any_io_executor::prefer(execution::outstanding_work_t::tracked_t const& property, int) const {
  return static_cast<base_type const&>(*this).prefer(property);
}
template <>
inline any_io_executor any_io_executor::prefer(execution::outstanding_work_t::untracked_t const& property, int) const {
  return static_cast<base_type const&>(*this).prefer(property);
}
template <>
inline any_io_executor any_io_executor::prefer(execution::relationship_t::fork_t const& property, int) const {
  return static_cast<base_type const&>(*this).prefer(property);
}
template <>
inline any_io_executor any_io_executor::prefer(execution::relationship_t::continuation_t const& property, int) const {
  return static_cast<base_type const&>(*this).prefer(property);
}

}  // namespace asio
#endif
