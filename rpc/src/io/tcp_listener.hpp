#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <dist/rpc/clock.hpp>
#include <dist/rpc/detail/event.hpp>
#include <dist/rpc/log.hpp>
#include <dist/rpc/network.hpp>
#include <memory>
#include <vector>

namespace dist {

/// One or more bound sockets that are accepted from in turn.
class tcp_listener final : public listener {
 public:
  /// State that the coroutine and the waits share with the object: they may outlive it.
  struct state {
    struct port {
      asio::ip::tcp::acceptor socket;
      bool armed = false;  // a wait for the next connection is under way
    };

    state(asio::io_context& i, dist::clock& c, dist::log& l) : io(i), clock(c), log(l) {}

    asio::io_context& io;
    dist::clock& clock;
    dist::log& log;
    std::vector<port> ports;
    std::size_t turn = 0;
    event ready;
    timer_id pause = timer_id::none;
    time_point next_complaint = time_point::min();
    bool closed = false;
  };

  explicit tcp_listener(std::shared_ptr<state> bound);
  ~tcp_listener() override;

  task<std::unique_ptr<stream>> accept() override;
  address local_address() const override;
  void close() noexcept override;

 private:
  std::shared_ptr<state> state_;
  asio::ip::tcp::endpoint local_;
};

}  // namespace dist
