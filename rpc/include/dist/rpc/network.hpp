#pragma once

#include <dist/rpc/address.hpp>
#include <dist/rpc/stream.hpp>
#include <memory>

namespace dist {

/// A port that accepts streams.
class listener {
 public:
  virtual ~listener() = default;

  /// Waits for the next stream. Running out of descriptors is waited out here, with a pause. Cancel: terminal.
  virtual task<std::unique_ptr<stream>> accept() = 0;
  /// The address with the port that was really bound.
  virtual address local_address() const = 0;
  virtual void close() noexcept = 0;
};

/// The seam that makes streams: TCP, or a simulated network.
class network {
 public:
  virtual ~network() = default;

  /// Tries every address that the host's name has. Errors: those of all. Cancel: terminal.
  virtual task<std::unique_ptr<stream>> connect(address to) = 0;
  /// Port 0 takes a free one. Throws std::system_error, for example when the port is taken.
  virtual std::unique_ptr<listener> listen(address at) = 0;
};

}  // namespace dist
