#include "sim/world/memory_network.hpp"

#include <asio/post.hpp>
#include <deque>

namespace dist::test {

/// State shared by a listener and the network; ends with the listener.
struct memory_network::port_state {
  std::deque<std::unique_ptr<stream>> waiting;
  event arrived;
  bool closed = false;
};

namespace {

using port_ptr = std::shared_ptr<memory_network::port_state>;

std::string host_of(std::string const& host) { return host == "localhost" ? "127.0.0.1" : host; }

std::string text_of(std::string const& host, std::uint16_t port) {
  auto const shown = host.find(':') == std::string::npos ? host : '[' + host + ']';
  return shown + ':' + std::to_string(port);
}

task<std::unique_ptr<stream>> accept_from(port_ptr port) {
  for (bool posted = false;; posted = true) {
    if (port->closed) throw std::system_error(asio::error::operation_aborted);
    if (port->waiting.empty())
      co_await port->arrived.wait();
    else if (!posted)
      co_await asio::post(asio::use_awaitable);
    else
      break;
  }
  auto taken = std::move(port->waiting.front());
  port->waiting.pop_front();
  co_return taken;
}

}  // namespace

class memory_listener final : public listener {
 public:
  memory_listener(port_ptr port, address at) : port_(std::move(port)), at_(std::move(at)) {}
  ~memory_listener() override { close(); }

  task<std::unique_ptr<stream>> accept() override { return accept_from(port_); }
  address local_address() const override { return at_; }
  void close() noexcept override {
    port_->closed = true;
    port_->waiting.clear();
    port_->arrived.set();
  }

 private:
  port_ptr port_;
  address at_;
};

memory_network::memory_network() = default;
memory_network::~memory_network() = default;

std::shared_ptr<memory_network::port_state> memory_network::find(address const& to) const {
  for (auto const& host : {host_of(to.host), std::string("0.0.0.0"), std::string("::")}) {
    auto const at = ports_.find({host, to.port});
    if (at == ports_.end()) continue;
    if (auto port = at->second.lock(); port && !port->closed) return port;
  }
  return nullptr;
}

std::unique_ptr<listener> memory_network::listen(address at) {
  if (at.port == 0) {
    do at.port = next_port_++;
    while (find(at));
  }
  if (find(at))
    throw std::system_error(asio::error::address_in_use,
                            "port " + std::to_string(at.port) + " of " + at.host + " is taken");
  auto port = std::make_shared<port_state>();
  ports_[{host_of(at.host), at.port}] = port;
  return std::make_unique<memory_listener>(std::move(port), address{host_of(at.host), at.port});
}

task<std::unique_ptr<stream>> memory_network::connect(address to) {
  return connect_with(std::move(to), connect_plan, accept_plan, client_host);
}

task<std::unique_ptr<stream>> memory_network::connect_with(address to, std::shared_ptr<fault_plan> ours,
                                                           std::shared_ptr<fault_plan> theirs, std::string from) {
  co_await asio::post(asio::use_awaitable);
  if (dark_.contains(to.host)) {
    event never;
    co_await never.wait();
  }
  auto const port = find(to);
  if (!port) throw std::system_error(asio::error::connection_refused, "cannot connect to " + text_of(to.host, to.port));
  memory_stream_options options;
  options.pipe_bytes = pipe_bytes;
  options.first_plan = std::move(ours);
  options.second_plan = std::move(theirs);
  options.first_address = text_of(from, next_port_++);
  options.second_address = text_of(host_of(to.host), to.port);
  auto ends = memory_stream_pair(std::move(options));
  port->waiting.push_back(std::move(ends.second));
  port->arrived.set();
  ++connects;
  co_return std::move(ends.first);
}

}  // namespace dist::test
