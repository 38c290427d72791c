#pragma once

#include <cstddef>
#include <dist/rpc/task.hpp>
#include <dist/runtime/detail/call_book.hpp>
#include <dist/runtime/detail/node_directory.hpp>
#include <list>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dist {

class progress_watch;
class run_journal;
struct fan_out_report;

/// What all handles of one cluster share: its calls, its nodes, and what fan-outs leave here. I/O thread, except for
/// book().
class cluster_core {
 public:
  /// `nodes` lives as long as the book, as its route does.
  cluster_core(std::shared_ptr<call_book> book, node_directory& nodes) : book_(std::move(book)), nodes_(nodes) {}
  cluster_core(cluster_core const&) = delete;
  cluster_core& operator=(cluster_core const&) = delete;

  std::shared_ptr<call_book> const& book() const noexcept { return book_; }
  node_directory& nodes() const noexcept { return nodes_; }

  /// Completes when at least `count` nodes can take calls; throws call_error when it is stopped before.
  task<void> wait_for_nodes(std::size_t count);
  /// Waits for those that an embedded cluster starts itself. The nodes that could take a call like this one, which was
  /// not started, now or later; busy ones and silent ones too. Throws call_error, errc::no_node if there is none.
  /// Cancel: terminal.
  task<std::vector<listed_node>> nodes_for(call_ptr like);

  /// Before the first fan-out.
  void keep_results(std::shared_ptr<run_journal> in) noexcept { journal_ = std::move(in); }
  /// Where its fan-outs keep their results; null: nowhere.
  run_journal* journal() const noexcept { return journal_.get(); }

  /// Logs a warning, the first time that it is about `what`.
  void warn_once(std::string what, std::string_view line);
  bool has_warned(std::string const& what) const { return warned_.contains(what); }

  /// A fan-out is under way until it is unlisted.
  using fan_out_place = std::list<progress_watch const*>::iterator;
  fan_out_place list(progress_watch const& one) { return fan_outs_.insert(fan_outs_.end(), &one); }
  void unlist(fan_out_place where) noexcept { fan_outs_.erase(where); }
  /// The oldest of those under way, at most `most_fan_outs`.
  std::vector<fan_out_report> fan_outs() const;

 private:
  std::shared_ptr<call_book> book_;
  node_directory& nodes_;
  std::shared_ptr<run_journal> journal_;
  std::set<std::string> warned_;
  std::list<progress_watch const*> fan_outs_;  ///< the oldest first
};

}  // namespace dist
