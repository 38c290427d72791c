#pragma once

#include <asio/io_context.hpp>
#include <dist/rpc/clock.hpp>
#include <dist/rpc/detail/compute.hpp>
#include <dist/rpc/entropy.hpp>
#include <dist/rpc/log.hpp>
#include <dist/rpc/network.hpp>

namespace dist {

class memory_budget;

/// The services that an object uses. References only: their owner keeps them alive.
struct seams {
  asio::io_context& io;
  dist::clock& clock;
  dist::network& network;
  dist::compute_threads& compute;
  dist::entropy& entropy;
  dist::log& log;
  memory_budget* memory = nullptr;  ///< for memory held for peers; null: each object has its own
};

}  // namespace dist
