#pragma once

#include <dist/runtime/detail/call_record.hpp>
#include <string>
#include <utility>

#include "process/output_file.hpp"

namespace dist {

/// The file of `--failures`: a line of JSON for each failed call, as soon as it has failed, so that the file can be
/// read also when the process dies.
class failure_file {
 public:
  /// Errors as output_file.
  failure_file(std::string path, dist::log& log) : file_("--failures", std::move(path), log) {}

  std::string const& path() const noexcept { return file_.path(); }
  void put(call_record const& call, fault const& what);

 private:
  output_file file_;
};

/// `{"method":"Pricer.price","code":"method_failed",...,"arguments":[17]}`; empty members are omitted, and arguments
/// that are larger than 64 KB or no JSON are a number of bytes.
std::string failure_line(call_record const& call, fault const& what);

}  // namespace dist
