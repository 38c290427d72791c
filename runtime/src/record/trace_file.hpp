#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "process/output_file.hpp"

namespace dist {

/// The file of `--trace`: a JSON array of events, written piece by piece. It is valid JSON after each piece, also when the
/// process is killed.
class trace_file {
 public:
  /// Errors as output_file.
  trace_file(std::string path, dist::log& log) : file_("--trace", std::move(path), log) {}
  /// Ends the array.
  ~trace_file();
  trace_file(trace_file const&) = delete;
  trace_file& operator=(trace_file const&) = delete;

  void put(std::string_view event);
  /// Writes everything to the file.
  void flush() noexcept;

 private:
  static constexpr std::size_t flush_bytes = 256 * 1024;

  output_file file_;
  std::string pending_ = "[\n";
  bool is_first_ = true;
};

}  // namespace dist
