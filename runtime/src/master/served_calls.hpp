#pragma once

#include <dist/rpc/detail/lifetime.hpp>
#include <dist/runtime/detail/call_book.hpp>
#include <dist/runtime/detail/fan_out_report.hpp>
#include <dist/runtime/detail/node_directory.hpp>
#include <memory>
#include <unordered_map>
#include <vector>

#include "call/peer_calls.hpp"
#include "wire/connection.hpp"

namespace dist {

/// As the method number of a named request, which needs none: its caller's type says that the method may run twice. Counts
/// where no node lists it.
inline constexpr std::uint16_t repeatable_by_type = 1;

/// A request of this name, with a count, is answered once the master has that many nodes.
inline constexpr std::string_view wait_for_nodes_method = "dist.wait_for_nodes";
/// With a method's name and labels that are needed: is answered with the nodes that could take such a call.
inline constexpr std::string_view list_nodes_method = "dist.list_nodes";
/// Of a node, with lines that its process has printed, and whether they stand on the master's stderr already.
inline constexpr std::string_view show_text_method = "dist.show_text";
/// From a job, with the progress of its fan-outs.
inline constexpr std::string_view show_progress_method = "dist.show_progress";

/// The node whose methods make the calls, as its master sees it.
class nested_parents {
 public:
  virtual ~nested_parents() = default;
  /// The origin of the parent, and so of its nested calls.
  virtual std::uint32_t origin_of(call_id parent) = 0;
  /// Lines that the node's process has printed.
  virtual void printed(std::string_view lines, bool is_shown) = 0;
};

/// Answers the requests that one peer makes over dist/1 by calls of a book: a connected job's, or the nested ones of
/// a node's methods. When the peer leaves, its calls are cancelled, and only its.
class served_calls {
 public:
  /// For a job, which runs no methods.
  served_calls(connection& peer, std::shared_ptr<call_book> on, node_directory& nodes, std::uint32_t origin)
      : served_calls(peer, std::move(on), nodes, nullptr, origin) {}
  /// For a node.
  served_calls(connection& peer, std::shared_ptr<call_book> on, node_directory& nodes, nested_parents& parents)
      : served_calls(peer, std::move(on), nodes, &parents, own_origin) {}
  ~served_calls();
  served_calls(served_calls const&) = delete;
  served_calls& operator=(served_calls const&) = delete;

  void on_request(frame& request);
  void on_cancel(call_id id);
  /// The running calls end, and no later one starts; the fault names `why`.
  void cancel_all(std::string why);
  bool cancelled() const noexcept { return !cancelled_.empty(); }
  std::size_t under_way() const noexcept { return calls_.size(); }
  std::uint64_t answered() const noexcept { return answered_; }
  /// The last report of a job; empty if none.
  std::vector<fan_out_report> const& fan_outs() const noexcept { return fan_outs_; }

 private:
  served_calls(connection& peer, std::shared_ptr<call_book> on, node_directory& nodes, nested_parents* parents,
               std::uint32_t origin);
  /// A request that the master answers itself, in the codec that it came in.
  struct own_request {
    call_id id;
    codec as;
    std::span<std::byte const> arguments;
  };
  void wait_for_nodes(own_request const& asked);
  void list_nodes(own_request const& asked);
  void show_text(own_request const& asked);
  void show_progress(own_request const& asked);
  /// False: they do not fit, and it has been refused.
  template <class Arguments>
  bool read(own_request const& asked, Arguments& into);
  void answer_nothing(call_id id, codec as);
  void answer_own(call_id id, codec as, buffer const& value);
  void refuse(call_id id, fault what);
  void answer(call_id id, call_record const& call, call_reply const& reply);

  connection& peer_;
  std::shared_ptr<call_book> on_;
  node_directory& nodes_;
  nested_parents* parents_;
  std::uint32_t origin_;  ///< where the peer runs no methods
  std::vector<fan_out_report> fan_outs_;
  std::unordered_map<std::uint64_t, std::shared_ptr<void>> node_waits_;  ///< by request; null: it was answered at once
  std::uint64_t answered_ = 0;
  std::string cancelled_;  ///< why; empty: it is not
  memory_share arguments_;  ///< of the calls under way
  lifetime<served_calls> self_{*this};  ///< a node may come later
  peer_calls calls_;                     ///< by the peer's ids
};

}  // namespace dist
