#pragma once

#include <dist/rpc/result.hpp>
#include <memory>
#include <string>

struct ssl_ctx_st;

namespace dist {

/// Files in PEM form, by path.
struct tls_files {
  std::string certificate;  ///< this end's, followed by those that signed it; empty: shows none
  std::string key;          ///< of the certificate; readable only by its owner and group
  std::string authority;    ///< must have signed the other end's certificate; empty: see the two functions
};

/// The settings of one end of TLS connections: TLS 1.3 (RFC 8446), never less. Shared by all connections of a process.
class tls_context {
 public:
  /// For the accepting end. `certificate` and `key` are needed. With an authority the other end must show a certificate
  /// that it signed (mutual TLS); without one any peer may connect, still encrypted.
  /// Errors   errc::denied names the file and what is wrong with it.
  static result<tls_context> for_server(tls_files const& files);
  /// For the connecting end. The other end must show a certificate for the host that was asked for, signed by
  /// `authority` or, without one, by an authority that this system trusts.
  static result<tls_context> for_client(tls_files const& files);

  ssl_ctx_st* get() const noexcept { return context_.get(); }
  /// Whether the other end must show a certificate too.
  bool is_mutual() const noexcept { return mutual_; }

 private:
  explicit tls_context(std::shared_ptr<ssl_ctx_st> made) noexcept : context_(std::move(made)) {}

  std::shared_ptr<ssl_ctx_st> context_;
  bool mutual_ = false;
};

}  // namespace dist
