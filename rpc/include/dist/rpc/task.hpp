#pragma once

#include <dist/rpc/requirements.hpp>

#include <asio/awaitable.hpp>
#include <asio/use_awaitable.hpp>
#include <dist/rpc/detail/any_io_executor.hpp>

namespace dist {

/// A coroutine that yields a T. It starts when it is awaited.
template <class T>
using task = asio::awaitable<T>;

}  // namespace dist
