#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <dist/rpc/detail/lifetime.hpp>
#include <dist/runtime/detail/call_book.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "journal/replay.hpp"
#include "journal/run_journal.hpp"

namespace dist {

/// What a fan-out tells its journal about itself.
struct journalled_plan {
  std::string label;
  std::string method;
  std::string types;  ///< of arguments and result
  std::uint64_t version = 0;
  std::optional<std::size_t> total;
  bool is_taken_in_turn = false;  ///< results count once they are taken, because the first one may end the fan-out
};

/// One fan-out and its journal: finds what an earlier run recorded for its inputs, and records how its calls end. Asks for
/// the inputs in their order. I/O thread.
class journalled_work {
 public:
  /// `changed` is called when is_ready() or is_behind() may have another answer. `journal` outlives this.
  journalled_work(run_journal& journal, journalled_plan plan, call_book const& calls, std::function<void()> changed);
  ~journalled_work();
  journalled_work(journalled_work const&) = delete;
  journalled_work& operator=(journalled_work const&) = delete;

  /// Whether what is recorded for this input has been read.
  bool is_ready(std::size_t number);
  /// Whether no new calls should start.
  bool is_behind();
  /// What an earlier run recorded, if this one may reuse it.
  std::optional<journal_row> take_recorded(std::size_t number, call_record const& call);
  /// There are no more inputs.
  void end_inputs(std::size_t total);

  /// A call has ended. `reply` is as its fan-out keeps it.
  void record(std::size_t number, call_record const& call, call_reply const& reply);
  /// The fan-out has handed out the result of this input.
  void taken(std::size_t number);

 private:
  void ask();
  void take_batch(journal_file::batch found);
  void say_reused(bool has_more);

  run_journal& journal_;
  journalled_plan plan_;
  journal_work work_;
  asio::io_context::executor_type executor_;
  std::function<void()> changed_;
  input_digest digest_;
  replay_tally tally_;
  std::deque<journal_row> rows_;  ///< recorded, by input
  std::uint64_t next_input_ = 0;  ///< to be read
  bool is_asking_ = false;
  bool is_all_read_ = false;
  bool is_waiting_ = false;  ///< for the file to be no longer behind
  bool said_ = false;
  std::unordered_map<std::size_t, journal_row> untaken_;
  lifetime<journalled_work> self_{*this};  ///< the file's thread may answer later
};

}  // namespace dist
