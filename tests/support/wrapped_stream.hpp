#pragma once

#include <dist/rpc/stream.hpp>
#include <memory>
#include <string>
#include <utility>

namespace dist::test {

/// Passes everything on to another stream, except try_write(); tests override what they watch.
class wrapped_stream : public stream {
 public:
  explicit wrapped_stream(std::unique_ptr<stream> inner) : inner_(std::move(inner)) {}
  task<std::size_t> read_some(asio::mutable_buffer into) override { return inner_->read_some(into); }
  task<void> write(std::span<asio::const_buffer const> from) override { return inner_->write(from); }
  task<std::size_t> write_some(std::span<asio::const_buffer const> from) override { return inner_->write_some(from); }
  task<void> wait_until_gone() override { return inner_->wait_until_gone(); }
  void close() noexcept override { inner_->close(); }
  std::string peer_address() const override { return inner_->peer_address(); }
  std::string local_address() const override { return inner_->local_address(); }

 protected:
  stream& inner() noexcept { return *inner_; }

 private:
  std::unique_ptr<stream> inner_;
};

}  // namespace dist::test
