#include <dist/runtime/system_world.hpp>

namespace dist {
namespace {

std::unique_ptr<compute> compute_of(asio::io_context& io, std::size_t slots) {
  if (slots == 0) return std::make_unique<inline_compute>(io);
  return std::make_unique<compute_pool>(slots);
}

}  // namespace

system_world::system_world(std::size_t slots, dist::log to)
    : log_(std::move(to)), clock_(io_), network_(io_, clock_, log_), compute_(compute_of(io_, slots)) {}

system_world::~system_world() = default;

}  // namespace dist
