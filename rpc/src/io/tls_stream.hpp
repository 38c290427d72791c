#pragma once

#include <dist/rpc/detail/buffer.hpp>
#include <dist/rpc/detail/event.hpp>
#include <dist/rpc/stream.hpp>
#include <dist/rpc/tls_context.hpp>
#include <exception>
#include <memory>
#include <string>

struct ssl_st;

namespace dist {

/// TLS over another stream: bytes written here are sent encrypted there. Call handshake() first.
class tls_stream final : public stream {
 public:
  /// The accepting end; `already_read` are bytes that were taken off the stream before.
  static std::unique_ptr<tls_stream> accepting(std::unique_ptr<stream> over, buffer already_read, tls_context const& with);
  /// The connecting end; the certificate must be for `host`, a name or an address.
  static std::unique_ptr<tls_stream> connecting(std::unique_ptr<stream> over, std::string const& host,
                                                tls_context const& with);
  ~tls_stream() override;

  /// Errors   errc::denied: the other end's certificate is missing or not trusted; errc::protocol_error: it does not
  ///          speak TLS 1.3; the stream's own. The connecting end may learn only from its first read that it was
  ///          rejected.
  /// Cancel   terminal; the stream is then good for nothing, as after an error.
  task<void> handshake();

  task<std::size_t> read_some(asio::mutable_buffer into) override;
  task<void> write(std::span<asio::const_buffer const> from) override;
  task<std::size_t> write_some(std::span<asio::const_buffer const> from) override;
  task<void> wait_until_gone() override { return over_->wait_until_gone(); }
  void reset_when_closed() noexcept override { over_->reset_when_closed(); }
  void close() noexcept override;
  void tolerate_silence(std::chrono::milliseconds limit) noexcept override { over_->tolerate_silence(limit); }
  bool is_encrypted() const noexcept override { return true; }
  std::string channel_binding() const override;
  std::string peer_address() const override { return over_->peer_address(); }
  std::string local_address() const override { return over_->local_address(); }

 private:
  tls_stream(std::unique_ptr<stream> over, tls_context const& with);

  /// How one step went, in OpenSSL's words.
  struct outcome {
    int kind = 0;
    unsigned long code = 0;
  };
  template <class Step>
  outcome attempt(Step step);
  [[noreturn]] void fail(outcome met);

  task<void> fill();
  task<void> flush();

  std::unique_ptr<stream> over_;
  tls_context context_;  ///< kept as long as the stream
  std::unique_ptr<ssl_st, void (*)(ssl_st*)> ssl_;
  buffer incoming_;
  buffer outgoing_;
  bool flushing_ = false;
  event flushed_;  ///< for the writer, when the reader had to write
  std::exception_ptr write_failed_;  ///< after some of it may have left
};

}  // namespace dist
