#include "io/tls_stream.hpp"

#include <arpa/inet.h>
#include <asio/error.hpp>
#include <dist/rpc/fault.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <new>
#include <system_error>

namespace dist {
namespace {

constexpr std::size_t read_bytes = 64 * 1024;
/// So much ciphertext is gathered before it is written.
constexpr std::size_t gathered_bytes = 256 * 1024;
/// SSL_write takes an int; a record has 16 KiB anyway.
constexpr std::size_t piece_bytes = 1 << 20;

bool is_ip_address(std::string const& host) {
  unsigned char space[sizeof(in6_addr)];
  return ::inet_pton(AF_INET, host.c_str(), space) == 1 || ::inet_pton(AF_INET6, host.c_str(), space) == 1;
}

/// The remedy for a certificate that was rejected.
std::string remedy_for(long verified) {
  switch (verified) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "renew it, or correct this machine's clock";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "check the clocks of both machines";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "connect by a name or address that is in the certificate";
    default:
      return "give the authority that signed it with --tls-ca FILE";
  }
}

/// The other end's objection to this end's certificate, and the remedy.
std::string objection(unsigned long code) {
  auto const quoted = std::string(ERR_reason_error_string(code));
  switch (ERR_GET_REASON(code)) {
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
      return "reports that this end's certificate has expired; renew it with --tls-cert FILE --tls-key FILE";
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
      return "does not trust this end's certificate (" + quoted +
             "); it must be signed by the authority given to the other end with --tls-ca";
    default:
      return "does not trust this end's certificate (" + quoted + ")";
  }
}

struct guard_flag {
  bool& flag;
  event& off;
  ~guard_flag() {
    flag = false;
    off.set();
  }
};

}  // namespace

/// The result of one step. The thread's error queue is for this step alone: other connections use it while this one
/// waits.
template <class Step>
tls_stream::outcome tls_stream::attempt(Step step) {
  ERR_clear_error();
  auto const done = step(ssl_.get());
  outcome made;
  made.kind = SSL_get_error(ssl_.get(), done);
  made.code = ERR_get_error();
  return made;
}

tls_stream::tls_stream(std::unique_ptr<stream> over, tls_context const& with)
    : over_(std::move(over)), context_(with), ssl_(SSL_new(with.get()), SSL_free) {
  auto* const in = BIO_new(BIO_s_mem());
  auto* const out = BIO_new(BIO_s_mem());
  if (!ssl_ || !in || !out) throw std::bad_alloc();
  // An empty input is not the end: more will follow.
  BIO_set_mem_eof_return(in, -1);
  SSL_set_bio(ssl_.get(), in, out);
}

tls_stream::~tls_stream() { close(); }

std::unique_ptr<tls_stream> tls_stream::accepting(std::unique_ptr<stream> over, buffer already_read,
                                                  tls_context const& with) {
  std::unique_ptr<tls_stream> made(new tls_stream(std::move(over), with));
  BIO_write(SSL_get_rbio(made->ssl_.get()), already_read.data(), static_cast<int>(already_read.size()));
  SSL_set_accept_state(made->ssl_.get());
  return made;
}

std::unique_ptr<tls_stream> tls_stream::connecting(std::unique_ptr<stream> over, std::string const& host,
                                                   tls_context const& with) {
  std::unique_ptr<tls_stream> made(new tls_stream(std::move(over), with));
  auto* const ssl = made->ssl_.get();
  SSL_set_connect_state(ssl);
  if (is_ip_address(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str());
  } else {
    SSL_set1_host(ssl, host.c_str());
    // SSL_set_tlsext_host_name is this, as a macro with a cast that is not for C++.
    SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(host.c_str()));
  }
  return made;
}

task<void> tls_stream::handshake() {
  for (;;) {
    auto const met = attempt(SSL_do_handshake);
    // Includes the alert that tells the other end why it was rejected.
    co_await flush();
    if (met.kind == SSL_ERROR_NONE) co_return;
    if (met.kind != SSL_ERROR_WANT_READ) fail(met);
    try {
      co_await fill();
    } catch (std::system_error const& e) {
      auto const is_closed = e.code() == asio::error::eof || e.code() == asio::error::connection_reset;
      if (!is_closed || SSL_is_server(ssl_.get())) throw;
      throw call_error(make_fault(
          errc::protocol_error, peer_address() +
                                    " closed the connection during the TLS handshake; if it has no certificate, give it "
                                    "--tls-cert FILE --tls-key FILE, or omit --tls and --tls-ca here"));
    }
  }
}

task<std::size_t> tls_stream::read_some(asio::mutable_buffer into) {
  for (;;) {
    std::size_t count = 0;
    auto const met = attempt([&](SSL* ssl) { return SSL_read_ex(ssl, into.data(), into.size(), &count); });
    // Reading may have to answer, such as a key update.
    if (BIO_ctrl_pending(SSL_get_wbio(ssl_.get())) != 0 && !flushing_) co_await flush();
    if (met.kind == SSL_ERROR_NONE) co_return count;
    if (met.kind != SSL_ERROR_WANT_READ) fail(met);
    co_await fill();
  }
}

task<void> tls_stream::write(std::span<asio::const_buffer const> from) {
  for (auto piece : from) {
    while (piece.size() > 0) {
      std::size_t count = 0;
      auto const size = std::min(piece.size(), piece_bytes);
      auto const met = attempt([&](SSL* ssl) { return SSL_write_ex(ssl, piece.data(), size, &count); });
      if (met.kind != SSL_ERROR_NONE) fail(met);
      piece += count;
      if (BIO_ctrl_pending(SSL_get_wbio(ssl_.get())) >= gathered_bytes) co_await flush();
    }
  }
  co_await flush();
}

task<std::size_t> tls_stream::write_some(std::span<asio::const_buffer const> from) {
  if (write_failed_) std::rethrow_exception(write_failed_);
  auto* const out = SSL_get_wbio(ssl_.get());
  std::size_t taken = 0;
  for (auto piece : from) {
    while (piece.size() > 0 && BIO_ctrl_pending(out) < gathered_bytes) {
      std::size_t count = 0;
      auto const size = std::min(piece.size(), gathered_bytes);
      auto const met = attempt([&](SSL* ssl) { return SSL_write_ex(ssl, piece.data(), size, &count); });
      if (met.kind != SSL_ERROR_NONE) fail(met);
      piece += count;
      taken += count;
    }
  }
  try {
    co_await flush();
  } catch (...) {
    // Some of it may have left: the next write fails instead.
    write_failed_ = std::current_exception();
  }
  co_return taken;
}

/// An orderly close: the other end can distinguish it from a cut connection if the alert leaves without waiting.
void tls_stream::close() noexcept {
  std::array<std::byte, 256> word;
  if (!flushing_ && SSL_is_init_finished(ssl_.get()) && SSL_get_shutdown(ssl_.get()) == 0) {
    attempt(SSL_shutdown);
    auto* const out = SSL_get_wbio(ssl_.get());
    if (auto const pending = BIO_ctrl_pending(out); pending > 0 && pending <= word.size()) {
      BIO_read(out, word.data(), static_cast<int>(pending));
      asio::const_buffer const bytes(word.data(), pending);
      over_->try_write({&bytes, 1});
    }
  }
  over_->close();
}

/// RFC 9266; once the handshake is over.
std::string tls_stream::channel_binding() const {
  constexpr std::string_view label = "EXPORTER-Channel-Binding";
  std::string made(32, '\0');
  if (SSL_export_keying_material(ssl_.get(), reinterpret_cast<unsigned char*>(made.data()), made.size(), label.data(),
                                 label.size(), nullptr, 0, 0) != 1)
    throw std::system_error(errc::protocol_error, "TLS with " + peer_address() + ": no channel binding can be exported");
  return made;
}

/// Passes the bytes received on the other stream to TLS.
task<void> tls_stream::fill() {
  incoming_.reserve(read_bytes);
  auto const count = co_await over_->read_some(asio::mutable_buffer(incoming_.data(), read_bytes));
  BIO_write(SSL_get_rbio(ssl_.get()), incoming_.data(), static_cast<int>(count));
}

/// Writes all ciphertext. The stream below has one writer at a time: the reader leaves it to the writer, which waits.
task<void> tls_stream::flush() {
  while (flushing_) co_await flushed_.wait();
  flushed_.reset();
  flushing_ = true;
  guard_flag const at_end{flushing_, flushed_};
  auto* const out = SSL_get_wbio(ssl_.get());
  while (auto const pending = BIO_ctrl_pending(out)) {
    outgoing_.clear();
    auto* const into = outgoing_.grow(pending);
    BIO_read(out, into, static_cast<int>(pending));
    asio::const_buffer const bytes(outgoing_.data(), outgoing_.size());
    co_await over_->write({&bytes, 1});
  }
}

void tls_stream::fail(outcome met) {
  if (met.kind == SSL_ERROR_ZERO_RETURN) throw std::system_error(asio::error::eof);
  if (met.kind == SSL_ERROR_SYSCALL && met.code == 0) throw std::system_error(asio::error::eof);
  if (auto const verified = SSL_get_verify_result(ssl_.get()); verified != X509_V_OK)
    throw call_error(make_fault(errc::denied, "the certificate of " + peer_address() + " is not trusted: " +
                                                  X509_verify_cert_error_string(verified) + "; " + remedy_for(verified)));
  switch (ERR_GET_REASON(met.code)) {
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      throw call_error(
          make_fault(errc::denied, peer_address() + " presented no certificate; this end requires one (--tls-ca)"));
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      throw call_error(
          make_fault(errc::denied, peer_address() + " requires a certificate: --tls-cert FILE --tls-key FILE"));
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_TLSV1_ALERT_DECRYPT_ERROR:
      throw call_error(make_fault(errc::denied, peer_address() + ' ' + objection(met.code)));
    default: break;
  }
  auto const* const text = ERR_reason_error_string(met.code);
  throw std::system_error(errc::protocol_error, "TLS with " + peer_address() + ": " + (text ? text : "it failed"));
}

}  // namespace dist
