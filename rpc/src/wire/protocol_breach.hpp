#pragma once

#include <dist/rpc/error.hpp>
#include <string>
#include <system_error>
#include <utility>

namespace dist {

/// The peer broke the rules or a limit of dist/1: its connection ends, and it is told why.
class protocol_breach : public std::system_error {
 public:
  explicit protocol_breach(std::string why, errc code = errc::protocol_error)
      : std::system_error(make_error_code(code), why), code_(code), why_(std::move(why)) {}

  errc kind() const noexcept { return code_; }
  /// For the peer: what() without the words of the code.
  std::string const& why() const noexcept { return why_; }

 private:
  errc code_;
  std::string why_;
};

}  // namespace dist
