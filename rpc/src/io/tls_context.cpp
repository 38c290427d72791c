#include <dist/rpc/tls_context.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <cerrno>
#include <new>
#include <optional>
#include <system_error>

namespace dist {
namespace {

fault refuse(std::string const& what, std::string const& path, std::string const& problem) {
  return make_fault(errc::denied, what + ' ' + path + ": " + problem);
}

/// OpenSSL's first reason; the others follow from it.
std::string reason() {
  auto const code = ERR_get_error();
  ERR_clear_error();
  auto const* const text = ERR_reason_error_string(code);
  return text ? text : "it cannot be read";
}

/// Why the file cannot be opened, in clearer words than OpenSSL's.
std::string trouble_with(std::string const& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return std::generic_category().message(errno);
  if (!S_ISREG(info.st_mode)) return "is not a regular file";
  return {};
}

std::string trouble_with_key(std::string const& path) {
  if (auto const trouble = trouble_with(path); !trouble.empty()) return trouble;
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0 && (info.st_mode & S_IRWXO))
    return "can be read or written by all users; run: chmod 600 " + path;
  return {};
}

std::shared_ptr<ssl_ctx_st> make_context(SSL_METHOD const* method) {
  std::shared_ptr<ssl_ctx_st> context(SSL_CTX_new(method), SSL_CTX_free);
  if (!context) throw std::bad_alloc();
  SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
  // A connection that ends without a word is the end of a node; frames have lengths, so nothing cut short is taken whole.
  SSL_CTX_set_options(context.get(), SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_TICKET);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // Nothing is resumed, so no session needs to be remembered or sent.
  SSL_CTX_set_num_tickets(context.get(), 0);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  return context;
}

std::optional<fault> load_own(ssl_ctx_st* context, tls_files const& files) {
  if (auto const trouble = trouble_with(files.certificate); !trouble.empty())
    return refuse("certificate file", files.certificate, trouble);
  if (auto const trouble = trouble_with_key(files.key); !trouble.empty()) return refuse("key file", files.key, trouble);
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1)
    return refuse("certificate file", files.certificate, reason());
  if (SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1)
    return refuse("key file", files.key, reason());
  return {};
}

std::optional<fault> load_authority(ssl_ctx_st* context, std::string const& path) {
  if (auto const trouble = trouble_with(path); !trouble.empty()) return refuse("authority file", path, trouble);
  if (SSL_CTX_load_verify_locations(context, path.c_str(), nullptr) != 1)
    return refuse("authority file", path, reason());
  return {};
}

}  // namespace

result<tls_context> tls_context::for_server(tls_files const& files) {
  if (files.certificate.empty() || files.key.empty())
    return make_fault(errc::denied,
                      "a master with TLS needs a certificate and its key: --tls-cert FILE --tls-key FILE");
  tls_context made(make_context(TLS_server_method()));
  if (auto const problem = load_own(made.get(), files)) return *problem;
  if (files.authority.empty()) return made;
  if (auto const problem = load_authority(made.get(), files.authority)) return *problem;
  SSL_CTX_set_verify(made.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  made.mutual_ = true;
  return made;
}

result<tls_context> tls_context::for_client(tls_files const& files) {
  if (files.certificate.empty() != files.key.empty())
    return make_fault(errc::denied, "a certificate and its key must be given together: --tls-cert FILE --tls-key FILE");
  tls_context made(make_context(TLS_client_method()));
  if (!files.certificate.empty())
    if (auto const problem = load_own(made.get(), files)) return *problem;
  if (files.authority.empty()) {
    if (SSL_CTX_set_default_verify_paths(made.get()) != 1)
      return make_fault(errc::denied, "cannot read this system's list of certificate authorities: " + reason());
  } else if (auto const problem = load_authority(made.get(), files.authority)) {
    return *problem;
  }
  SSL_CTX_set_verify(made.get(), SSL_VERIFY_PEER, nullptr);
  made.mutual_ = !files.certificate.empty();
  return made;
}

}  // namespace dist
