#pragma once

#include <dist/rpc/log.hpp>
#include <string>
#include <string_view>

namespace dist {

/// A file that a flag names and that is written while the process runs. A new one can be read by its owner alone: it holds
/// arguments of calls.
class output_file {
 public:
  /// `flag` is the flag that named it: `--trace`. Truncates the file. Errors: usage_error, which tells why the file
  /// cannot be written.
  output_file(std::string flag, std::string path, dist::log& log);
  ~output_file();
  output_file(output_file const&) = delete;
  output_file& operator=(output_file const&) = delete;

  std::string const& path() const noexcept { return path_; }
  /// Writes all of it. A failure is logged once; from then on nothing is written.
  void write(std::string_view text) noexcept;
  /// Writes `ending` after it, which the next write replaces: the file is complete at any time, also if the process
  /// dies. A pipe, which cannot be rewritten, gets no ending here.
  void write(std::string_view text, std::string_view ending) noexcept;
  bool failed() const noexcept { return failed_; }

 private:
  std::string flag_;
  std::string path_;
  dist::log& log_;
  int file_ = -1;
  bool failed_ = false;
};

}  // namespace dist
