#pragma once

#include <cstddef>
#include <dist/rpc/log.hpp>
#include <memory>
#include <string>
#include <string_view>

namespace dist {

/// The file of `--trace`: a JSON array of events, written piece by piece and always whole events, so that what is there
/// can be opened also when the process dies: readers do without the closing bracket.
class trace_file {
 public:
  /// Errors: usage_error, which says why the file cannot be written.
  trace_file(std::string path, dist::log& log);
  /// Ends the array.
  ~trace_file();
  trace_file(trace_file const&) = delete;
  trace_file& operator=(trace_file const&) = delete;

  void put(std::string_view event);
  /// What was put is in the file. A failure is told to the log, once; from then on nothing is written.
  void flush() noexcept;

 private:
  static constexpr std::size_t flush_bytes = 256 * 1024;

  std::string path_;
  dist::log& log_;
  int file_ = -1;
  bool failed_ = false;
  std::string pending_ = "[\n";
  bool is_first_ = true;
};

}  // namespace dist
