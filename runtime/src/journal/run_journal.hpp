#pragma once

#include <cstddef>
#include <cstdint>
#include <dist/rpc/log.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "journal/journal_thread.hpp"
#include "journal/work_names.hpp"

namespace dist {

/// The journal of one run: what earlier runs with the same file have finished, and what this one finishes. Its cluster's
/// fan-outs use it through a journalled_work each. I/O thread.
class run_journal {
 public:
  /// `log` lives as long as this. Errors as journal_file.
  run_journal(std::string const& path, dist::log const& log);
  ~run_journal();

  /// A fan-out begins: its name in the file, and its number.
  journal_work begin(std::string const& label, std::string const& method, std::optional<std::size_t> inputs);
  journal_thread& file() noexcept { return thread_; }
  /// A line for people about what is reused.
  void say(std::string const& line);
  /// The first time: that results of another build are reused.
  void say_other_build();
  /// When the job has ended: which fan-outs of earlier runs it did not have.
  void say_gone();

 private:
  struct known {
    std::int64_t number;
    bool is_of_this_run;
  };

  run_journal(std::unique_ptr<journal_file> file, dist::log const& log);

  dist::log const& log_;
  work_names names_;
  std::map<std::string, known> works_;
  std::int64_t last_number_ = 0;
  std::size_t lines_ = 0;
  bool said_other_build_ = false;
  journal_thread thread_;
};

}  // namespace dist
