#pragma once

#include <unordered_map>

#include "master/node_link.hpp"

namespace dist {

/// The links to the nodes that are here, by the ids that the ledger gave them.
class node_links {
 public:
  void add(node_link& node) { links_[node.id] = &node; }
  /// False if it is not here.
  bool remove(node_link& node) {
    if (latest_ == &node) latest_ = nullptr;
    return links_.erase(node.id) != 0;
  }
  /// Null: it is not here.
  node_link* find(node_id id) const {
    if (latest_ && latest_->id == id) return latest_;
    auto const found = links_.find(id);
    if (found == links_.end()) return nullptr;
    return latest_ = found->second;
  }
  auto begin() const noexcept { return links_.begin(); }
  auto end() const noexcept { return links_.end(); }

 private:
  std::unordered_map<node_id, node_link*> links_;
  mutable node_link* latest_ = nullptr;  ///< that was found: often asked for again
};

}  // namespace dist
