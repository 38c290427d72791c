#pragma once

#include <cstddef>
#include <cstdint>
#include <dist/rpc/deadline.hpp>
#include <dist/rpc/detail/call_no.hpp>
#include <dist/rpc/result.hpp>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "nodes/liveness.hpp"
#include "nodes/method_table.hpp"
#include "nodes/method_windows.hpp"
#include "nodes/node_info.hpp"
#include "nodes/node_table.hpp"
#include "placement/call_needs.hpp"
#include "placement/label_filter.hpp"
#include "placement/lease.hpp"
#include "placement/matcher.hpp"
#include "placement/queue.hpp"
#include "placement/selector.hpp"

namespace dist {

/// The settings of the parts of which a registry is made.
struct registry_settings {
  liveness_settings liveness;
  queue_bounds queue;
  ejection_settings ejection;
  std::uint32_t window = 256;         ///< calls beyond its slots that a node may get at most, repeatable ones only
  std::uint32_t brief_window = 64;    ///< the same for a brief method that has not been measured yet
  std::size_t method_count = 65'536;  ///< different method names, of nodes and of callers
  std::size_t label_filter_count = 4096;  ///< different sets of labels that calls ask for
};

/// A node was let in.
struct joined {
  node_id id{};
  std::string name;                 ///< perhaps with a suffix
  std::optional<node_id> replaced;  ///< this stay ended: close its connection, end its calls
  bool replaced_silent = false;     ///< and that one was silent
};

/// The kinds of placement of a submitted call.
enum class placing {
  placed,   ///< send it to `node`; `held` is its slot
  queued,   ///< it waits; `place` withdraws it; ask next()
  refused,  ///< see `why`; nothing is kept
};
std::string_view to_text(placing what) noexcept;
std::ostream& operator<<(std::ostream& out, placing what);

/// The placement of a submitted call: a node and its lease, a place in the queue, or a rejection.
struct placement {
  placing what = placing::refused;
  node_id node{};
  lease held;
  ticket place;
  std::optional<fault> why;
};

/// A queued call that no node can take any more: it has left the queue.
struct stranded_call {
  call_no call;
  fault why;
};

/// One node for the status page. `info` is valid until the next change of the registry.
struct node_view {
  node_id id{};
  node_info const* info = nullptr;
  node_state state{};
  std::uint32_t in_use = 0;
  std::uint32_t abandoned = 0;
  time_point joined_at{};
  time_point last_heard{};
};

/// How many nodes, slots and calls there are, now.
struct registry_counts {
  std::size_t nodes = 0;
  std::size_t living = 0;
  std::size_t suspect = 0;
  std::size_t draining = 0;
  std::size_t set_aside = 0;
  std::uint64_t slots = 0;  ///< of living nodes
  std::uint64_t in_use = 0;
  std::uint64_t abandoned = 0;
  std::size_t queued = 0;
  std::size_t queued_bytes = 0;
};

/// The nodes, and which of them gets the next call. Pure: events and the time in, actions out.
///
/// After anything that may release a queued call (a lease ended or was returned, join, leave, drain, heard() that said
/// true, tick(), unknown_method(), withdraw(), submit() that queued) call next() until it is empty. Where it may have
/// taken the only node that a queued call could go to (join, leave, tick(), unknown_method()) call stranded() as well.
///
/// Overlap  one thread. Leases may outlive the registry.
class registry {
 public:
  explicit registry(registry_settings settings = {});
  registry(registry const&) = delete;
  registry& operator=(registry const&) = delete;

  // Membership

  /// Errors  errc::denied: a living node has the name that was chosen; errc::limit_exceeded: slots, methods.
  result<joined> join(node_info info, time_point now);
  /// The node's connection ended. Its leases touch nothing any more. An id that is not here does nothing.
  void leave(node_id node);
  /// Any frame of the node. True if it was suspect.
  bool heard(node_id node, time_point now);
  /// It takes no new calls from now on; its running calls continue.
  void drain(node_id node);
  /// A place on a draining node for a nested call of one of its calls that no other node can take: the node leaves when
  /// its calls have ended, so the two would deadlock. May exceed its slots. Empty: the node cannot take it, or others
  /// can.
  lease take_while_draining(node_id node, call_needs const& needs);
  /// At least once each heartbeat. Lost nodes are out of the table when this returns.
  std::vector<liveness_event> tick(time_point now);

  // Methods

  /// Errors  errc::limit_exceeded: too many different names.
  result<method_ref> intern(std::string_view name);
  /// Nothing where the name has no number.
  std::optional<method_ref> find_method(std::string_view name) const noexcept { return methods_.find(name); }
  std::string const& method_name(method_ref method) const noexcept { return methods_.name(method); }
  /// The node answered that it has no such method: it gets no more calls of it.
  void unknown_method(node_id node, method_ref method);
  /// A Go node answered a call of it, and counts as a node that lists it.
  void known_method(node_id node, method_ref method);

  /// The method is declared to end well under a millisecond: its repeatable calls use a window before it is measured.
  void declare_brief(method_ref method, bool brief);
  /// The method was seen to make calls: it may block, and calls queued behind it on its node would wait long. It gets
  /// no window, however quick it is.
  void makes_calls(method_ref method);

  /// Its calls usually run for longer than a window lets others wait.
  bool takes_long(method_ref method) const noexcept { return windows_.takes_long(method); }

  // How calls end

  /// The call whose lease this is succeeded, after this time if the node measured it (0: not measured). True if the
  /// node had been set aside and takes calls again.
  bool succeeded(lease const& held, method_ref method, std::uint32_t microseconds) {
    auto* load = held.load_;
    if (!load || !load->home) return false;
    if (microseconds != 0) measured(method, microseconds);
    return (load->record.is_failing() || !load->failing.empty()) && recovered(*load, method);
  }
  /// The method ran there and failed. If that sets the node aside, or keeps it so, returns for how long.
  std::optional<duration> failed(lease const& held, method_ref method, std::uint32_t microseconds, time_point now,
                                 std::uint64_t random);

  // Placement

  /// Reads the labels that a call asks for, `gpu=1`, `gpu`, and `node=NAME`, which pins it to the node of that name. A
  /// node that has not joined yet is waited for; once bound to a node, the call fails when that node leaves. Ask again
  /// before each submit().
  /// Errors  errc::bad_arguments, errc::limit_exceeded.
  std::optional<fault> ask(std::span<std::string const> written, call_needs& needs);
  /// Refused: the queue is full; the call is pinned to a node that has left, or has not the method or the labels.
  placement submit(call_no call, call_needs const& needs);
  std::optional<assignment> next() { return matcher_.next(); }
  /// Whether the call still has this place in the queue.
  bool waits(ticket place) const noexcept { return queue_.contains(place); }
  /// The queued call was cancelled or its deadline passed. False if it does not wait any more.
  bool withdraw(ticket place) noexcept { return matcher_.withdraw(place); }
  bool has_stranded() const noexcept { return !stranded_.empty(); }
  /// No call waits, so that next() and stranded() have nothing.
  bool is_settled() const noexcept { return queue_.empty() && !has_stranded() && !selector_.reserved(); }
  std::vector<stranded_call> stranded() { return std::exchange(stranded_, {}); }
  /// Whether a living node has the method, busy or not.
  bool available(method_ref method) const noexcept { return selector_.living(method) > 0; }
  /// Whether a living node could take the call, busy or not.
  bool available(call_needs const& needs) const noexcept { return matcher_.available(needs); }
  /// Whether a living node could take this queued call.
  bool available(ticket place) const noexcept { return queue_.contains(place) && available(queue_.at(place.index).needs); }
  /// How many living nodes could.
  std::size_t able(call_needs const& needs) const noexcept { return selector_.able(needs); }
  /// Whether this node, busy or silent, has or may have the method and has the labels.
  bool takes(node_id node, call_needs const& needs) const noexcept {
    auto const* load = selector_.find(node);
    return load && (needs.pin == no_node_id || needs.pin == node) && load->group->takes(needs);
  }
  /// Whether any node that is here may get the call, busy, silent or leaving.
  bool anybody_takes(call_needs const& needs) const noexcept {
    return needs.pin == no_node_id && selector_.anybody_takes(needs);
  }
  /// The nodes that could take the call now or later, by name: those that leave are not among them. Valid until the next
  /// change of the registry.
  std::vector<node_info const*> nodes_for(call_needs const& needs) const;
  /// One sentence for people: why such a call does not start.
  std::string why_waiting(call_needs const& needs) const;
  /// The same of one that is queued.
  std::string why_waiting(ticket place) const { return why_waiting(queue_.at(place.index).needs); }
  /// The different reasons for which calls wait, sorted; at most `most`.
  std::vector<std::string> why_waiting(std::size_t most = 10) const;
  /// The same for calls that no living node could take, busy or not.
  std::vector<std::string> why_without_node(std::size_t most = 10) const;

  // For the status page

  std::vector<node_view> nodes() const;
  /// Costs the same however many nodes there are.
  registry_counts counts() const noexcept;
  node_info const* find(node_id node) const noexcept;
  std::optional<node_state> state(node_id node) const noexcept;
  /// Suspect, draining or not.
  bool is_silent(node_id node) const noexcept;
  std::size_t queued(method_ref method) const noexcept { return queue_.waiting(method); }
  std::size_t class_count() const noexcept { return selector_.class_count(); }
  std::uint64_t heap_steps() const noexcept { return selector_.steps(); }

 private:
  void remove(node_entry& entry);
  void update_eligible(node_entry& entry);
  void members_changed();
  result<class_key> key_of(node_info const& info);

  // How calls ended
  void measured(method_ref method, std::uint32_t microseconds);
  void set_window(method_ref method, std::uint32_t calls);
  bool recovered(node_load& load, method_ref method);
  void offer_tries(time_point now);
  void take_back_excess();

  // Calls for one certain node
  node_id pin_of(std::string const& name);
  std::optional<fault> refusal(call_needs const& needs) const;
  void bind_pins(node_entry& entry);
  void strand_hopeless(node_id node);
  void strand(std::uint32_t line, fault const& why);
  std::string why_pinned(call_needs const& needs) const;

  template <class Concerns>
  std::vector<std::string> reasons_of(std::size_t most, Concerns concerns) const;

  registry_settings settings_;
  method_table methods_;
  method_windows windows_;
  label_filter_table label_filters_;
  selector selector_;
  call_queue queue_;
  matcher matcher_;
  node_table table_;
  liveness liveness_;
  std::vector<liveness_event> came_back_;  ///< for the next tick
  std::vector<node_id> aside_;       ///< since the oldest first; some may have gone
  std::vector<stranded_call> stranded_;
  std::unordered_map<std::string, node_id> absent_;  ///< placeholders for nodes that have not joined yet
  std::uint64_t last_absent_ = 0;
};

}  // namespace dist
