#pragma once

#include <boost/json/value.hpp>
#include <dist/rpc/http.hpp>
#include <dist/rpc/task.hpp>
#include <dist/runtime/system_world.hpp>
#include <string>

#include "command_line.hpp"

namespace dist {

/// A running master as its HTTP callers see it.
class master_client {
 public:
  /// Reads the secret's and TLS's files. Throws command_error.
  explicit master_client(command_line const& given);

  /// Sends one request on a connection of its own.
  ///
  /// Errors   command_error, with advice: no master, denied, not a dist master, no answer within `limit`
  ///          (duration::max(): none).
  task<http_response> ask(http_request request, duration limit);
  /// Its `/status`.
  task<boost::json::value> status();
  /// --within, or else this.
  duration limit_or(duration otherwise) const { return given_.within.value_or(otherwise); }

  system_world& world() noexcept { return world_; }
  /// Runs `work` until it completes.
  void run(task<void> work);

 private:
  task<void> connect_into(std::unique_ptr<stream>& made, std::string& problem);
  task<std::unique_ptr<stream>> connect();
  void check(http_response const& answer) const;
  [[noreturn]] void not_a_master() const;
  std::string at() const { return to_text(given_.master); }

  command_line const& given_;
  std::string secret_;
  system_world world_;
};

}  // namespace dist
