#include <dist/runtime/detail/cluster_core.hpp>

#include <dist/rpc/detail/event.hpp>
#include <dist/runtime/detail/progress_watch.hpp>
#include <optional>

namespace dist {

task<void> cluster_core::wait_for_nodes(std::size_t count) {
  struct waiting {
    event done;
    std::optional<fault> failed;
  };
  auto const mine = std::make_shared<waiting>();
  auto const wait = nodes_.when_nodes(count, [weak = std::weak_ptr<waiting>(mine)](fault const* failed) {
    auto const alive = weak.lock();
    if (!alive) return;
    if (failed) alive->failed = *failed;
    alive->done.set();
  });
  co_await mine->done.wait();
  if (mine->failed) throw call_error(*mine->failed);
}

task<std::vector<listed_node>> cluster_core::nodes_for(call_ptr like) {
  auto joined = nodes_.own_nodes_joined();
  co_await std::move(joined);
  if (book_->is_stopped()) throw call_error(make_fault(errc::stopped, "the cluster was stopped"));
  struct waiting {
    event done;
    std::optional<result<std::vector<listed_node>>> nodes;
  };
  auto const mine = std::make_shared<waiting>();
  node_directory::nodes_taker const take = [weak = std::weak_ptr<waiting>(mine)](result<std::vector<listed_node>> nodes) {
    auto const alive = weak.lock();
    if (!alive) return;
    alive->nodes = std::move(nodes);
    alive->done.set();
  };
  struct asking {
    std::shared_ptr<call_book> on;
    call_ptr question;
    ~asking() {
      if (question) on->cancel(question);
    }
  } const until_answered{book_, nodes_.list_nodes(*like, take)};
  co_await mine->done.wait();
  co_return std::move(*mine->nodes).value();
}

void cluster_core::warn_once(std::string what, std::string_view line) {
  constexpr std::size_t most = 1000;
  if (warned_.size() < most && warned_.insert(std::move(what)).second) book_->world().log.warn(line);
}

std::vector<fan_out_report> cluster_core::fan_outs() const {
  std::vector<fan_out_report> made;
  // Those that end from now on are not taken off the list.
  if (book_->is_stopped()) return made;
  for (auto at = fan_outs_.begin(); at != fan_outs_.end() && made.size() < most_fan_outs; ++at)
    made.push_back((*at)->report());
  return made;
}

}  // namespace dist
