#include "journal/run_journal.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/terminal.hpp"
#include "process/build_id.hpp"
#include "record/count_text.hpp"

namespace dist {
namespace {

/// A job of thousands of small fan-outs does not fill the terminal.
constexpr std::size_t most_lines = 20;
constexpr std::size_t most_names = 5;

/// Jobs log only warnings by default. These lines are shown anyway, except with -q.
void say_to_people(dist::log const& log, std::string const& line) {
  if (log.is_standard() && log.wants(log_level::warn))
    terminal::standard_error().write_log(log_level::info, line);
  else
    log.info(line);
}

}  // namespace

run_journal::run_journal(std::string const& path, dist::log const& log)
    : run_journal(std::make_unique<journal_file>(path, journal_run{program_invocation_short_name, build_id()}), log) {}

run_journal::run_journal(std::unique_ptr<journal_file> file, dist::log const& log)
    : log_(log),
      works_([&file] {
        std::map<std::string, known> found;
        for (auto const& one : file->works()) found.emplace(one.name, known{one.number, false});
        return found;
      }()),
      thread_(std::move(file), log) {
  for (auto const& [name, one] : works_) last_number_ = std::max(last_number_, one.number);
}

run_journal::~run_journal() = default;

journal_work run_journal::begin(std::string const& label, std::string const& method, std::optional<std::size_t> inputs) {
  auto const given = names_.next(label, method);
  if (given.is_second)
    log_.warn("journal: the label '" + label + "' is already that of another fan-out of this run; this one is '" +
              given.name + "'; give each its own label");
  auto const [at, is_new] = works_.try_emplace(given.name, known{last_number_ + 1, true});
  if (is_new) ++last_number_;
  at->second.is_of_this_run = true;
  journal_work const made{at->second.number, given.name, method, inputs ? static_cast<std::int64_t>(*inputs) : -1};
  thread_.put(made);
  return made;
}

void run_journal::say(std::string const& line) {
  if (lines_ > most_lines) return;
  say_to_people(log_, "journal: " + (lines_++ < most_lines ? line : "no more lines about results that are reused"));
}

void run_journal::say_other_build() {
  if (std::exchange(said_other_build_, true)) return;
  say_to_people(log_, "journal: another build of this program computed some of the reused results; if they differ now, "
                      "change dist::version of their methods");
}

void run_journal::say_gone() {
  std::size_t gone = 0;
  std::string names;
  for (auto const& [name, one] : works_) {
    if (one.is_of_this_run) continue;
    if (++gone <= most_names) names += (gone == 1 ? "" : ", ") + name;
  }
  if (gone == 0) return;
  if (gone > most_names) names += ", ...";
  say_to_people(log_, "journal: " + grouped(gone) + (gone == 1 ? " fan-out" : " fan-outs") +
                          " of earlier runs did not happen in this one: " + names + "; the results stay in the file");
}

}  // namespace dist
