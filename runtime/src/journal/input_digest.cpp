#include "journal/input_digest.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <stdexcept>
#include <string>

namespace dist {
namespace {

EVP_MD_CTX* context_of(void* state) noexcept { return static_cast<EVP_MD_CTX*>(state); }

void require(int done) {
  if (done != 1) throw std::runtime_error("OpenSSL does not provide SHA-256");
}

}  // namespace

void input_digest::free_state::operator()(void* state) const noexcept { EVP_MD_CTX_free(context_of(state)); }

input_digest::input_digest(std::string_view method, std::string_view types)
    : begun_(EVP_MD_CTX_new()), used_(EVP_MD_CTX_new()) {
  // A zero byte ends each part: neither a name nor a type's text contains one.
  auto const head = std::string(method) + '\0' + std::string(types) + '\0';
  auto* const begun = context_of(begun_.get());
  require(EVP_DigestInit_ex(begun, EVP_sha256(), nullptr));
  require(EVP_DigestUpdate(begun, head.data(), head.size()));
}

input_digest::value input_digest::of(std::span<std::byte const> arguments) {
  auto* const used = context_of(used_.get());
  std::array<unsigned char, EVP_MAX_MD_SIZE> whole{};
  require(EVP_MD_CTX_copy_ex(used, context_of(begun_.get())));
  require(EVP_DigestUpdate(used, arguments.data(), arguments.size()));
  require(EVP_DigestFinal_ex(used, whole.data(), nullptr));
  value first;
  std::ranges::transform(std::span(whole).first(first.size()), first.begin(), [](unsigned char c) { return std::byte{c}; });
  return first;
}

}  // namespace dist
