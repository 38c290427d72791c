#include "journal/journalled_work.hpp"

#include <asio/post.hpp>
#include <utility>

#include "record/failure_file.hpp"

namespace dist {
namespace {

/// Below this many, more are read ahead.
constexpr std::size_t least_rows = 512;

}  // namespace

journalled_work::journalled_work(run_journal& journal, journalled_plan plan, call_book const& calls,
                                 std::function<void()> changed)
    : journal_(journal),
      plan_(std::move(plan)),
      work_(journal.begin(plan_.label, plan_.method, plan_.total)),
      executor_(calls.get_executor()),
      changed_(std::move(changed)),
      digest_(plan_.method, plan_.types) {
  ask();
}

journalled_work::~journalled_work() {
  self_.end();
  say_reused(false);
}

void journalled_work::ask() {
  is_asking_ = true;
  journal_.file().read(work_.number, next_input_, [weak = self_.ref(), to = executor_](journal_file::batch found) {
    auto const kept = std::make_shared<journal_file::batch>(std::move(found));
    asio::post(to, [weak, kept] {
      if (auto* const self = weak.get()) self->take_batch(std::move(*kept));
    });
  });
}

void journalled_work::take_batch(journal_file::batch found) {
  is_asking_ = false;
  is_all_read_ = found.is_last;
  for (auto& one : found.rows) rows_.push_back(std::move(one));
  if (!rows_.empty()) next_input_ = rows_.back().input + 1;
  changed_();
}

bool journalled_work::is_ready(std::size_t number) {
  if (is_all_read_) return true;
  if (rows_.size() < least_rows && !is_asking_) ask();
  return !rows_.empty() && rows_.back().input >= number;
}

bool journalled_work::is_behind() {
  if (!journal_.file().is_behind()) return false;
  if (!std::exchange(is_waiting_, true))
    journal_.file().when_caught_up([weak = self_.ref(), to = executor_] {
      asio::post(to, [weak] {
        auto* const self = weak.get();
        if (!self) return;
        self->is_waiting_ = false;
        self->changed_();
      });
    });
  return true;
}

std::optional<journal_row> journalled_work::take_recorded(std::size_t number, call_record const& call) {
  while (!rows_.empty() && rows_.front().input < number) rows_.pop_front();
  auto const is_there = !rows_.empty() && rows_.front().input == number;
  auto const verdict = judge(is_there ? &rows_.front() : nullptr, digest_.of(call.arguments.bytes()), plan_.version);
  tally_.add(verdict);
  std::optional<journal_row> found;
  if (is_there) {
    if (verdict == replay_verdict::reuse) found.emplace(std::move(rows_.front()));
    rows_.pop_front();
  }
  if (found && found->is_of_other_build) journal_.say_other_build();
  if (is_all_read_ && rows_.empty() && plan_.total) say_reused(false);
  return found;
}

void journalled_work::end_inputs(std::size_t total) {
  plan_.total = total;
  if (is_all_read_ || !rows_.empty()) say_reused(!rows_.empty());
}

void journalled_work::say_reused(bool has_more) {
  if ((!tally_.has_recorded() && !has_more) || std::exchange(said_, true)) return;
  journal_.say(tally_.text(plan_.total) + (has_more ? ", results of inputs that are gone are left in the file" : "") + " (" +
               work_.name + ")");
}

void journalled_work::record(std::size_t number, call_record const& call, call_reply const& reply) {
  if (!call.early_problem.empty()) return;
  journal_row row;
  row.work = work_.number;
  row.input = number;
  row.digest = digest_.of(call.arguments.bytes());
  row.version = plan_.version;
  row.node = reply.node;
  row.running_us = reply.running_us;
  if (reply.failed) {
    // The end of the job is not the input's failure.
    if (reply.failed->code == errc::cancelled || reply.failed->code == errc::stopped) return;
    row.state = row_state::failed;
    row.fault = failure_line(call, *reply.failed);
    row.fault.pop_back();
  } else {
    row.codec = reply.codec;
    row.result.append(reply.bytes);
  }
  if (plan_.is_taken_in_turn)
    untaken_.insert_or_assign(number, std::move(row));
  else
    journal_.file().put(std::move(row));
}

void journalled_work::taken(std::size_t number) {
  if (auto row = untaken_.extract(number)) journal_.file().put(std::move(row.mapped()));
}

}  // namespace dist
