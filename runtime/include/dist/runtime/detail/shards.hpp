#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <dist/rpc/detail/call_table.hpp>
#include <dist/rpc/detail/event.hpp>
#include <dist/rpc/detail/lifetime.hpp>
#include <dist/runtime/cluster.hpp>
#include <dist/runtime/detail/input.hpp>
#include <dist/runtime/detail/kept_reply.hpp>
#include <dist/runtime/detail/progress_watch.hpp>
#include <dist/runtime/fan_out.hpp>
#include <dist/runtime/pending.hpp>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace dist {

class journalled_work;

/// The effect of a fault on the other calls of a fan-out.
enum class on_fault {
  stop,  ///< it is thrown as soon as it arrives, regardless of earlier inputs, and names its input
  keep,  ///< it is an outcome like any other
};

/// The plan of a fan-out, apart from the handling of its results.
struct fan_out_plan {
  char const* name;  ///< of the function that the user called
  cluster on;
  method_key const* method;
  std::unique_ptr<input_source> inputs;
  fan_out how;
  on_fault faults = on_fault::stop;
  bool names_inputs = false;  ///< of those that fail; take_input()
  bool names_nodes = false;   ///< that answered; take_node()
  bool is_spread = true;      ///< over all nodes: few inputs leave slots idle
  bool hands_out_first = false;  ///< if reading the inputs throws: started calls end before that is thrown
  bool ends_at_first = false;    ///< the first result that is taken may be the last: later ones do not count
  std::string (*types)() = nullptr;  ///< of arguments and result; null: its results do not go into a journal
  std::uint64_t version = 0;         ///< of the method
  char const* runs_once = nullptr;  ///< why its calls are not retried, `is not const`; null: they are, or need not be
};

/// How one input of a fan-out ended.
template <class R>
struct indexed_result {
  std::size_t index = 0;  ///< of the input
  result<R> value;
  /// Of as_completed: the node that answered. Empty if none did, or if only the master knows: for calls made from a node or
  /// over a connection to another process's master.
  std::string node{};
};

/// The running calls of one fan-out and the results that wait to be taken, in order or as they arrive. Reads
/// the inputs only inside of fill() and ready(). I/O thread; its destructor cancels its calls.
class shards {
 public:
  explicit shards(fan_out_plan plan);
  shards(shards const&) = delete;
  shards& operator=(shards const&) = delete;
  ~shards();

  /// Starts the calls that may start. Returns whether there is something to take. Throws the fault that ends the
  /// fan-out.
  bool fill();
  /// The same, but waits until there is something to take: false once all has been taken.
  task<bool> ready();
  bool has_result() const noexcept { return !results_.empty() && results_.front().reply.is_there(); }
  /// Whether a call could start now, if an input is left.
  bool has_room() const noexcept {
    // The oldest shard may always run: the others wait for it.
    // As they arrive, untaken results fill the window: a consumer that stops taking them stops the fan-out.
    auto const counted = in_order_ ? running_.size() : running_.size() + results_.size();
    if (running_.empty()) return counted < window_;
    return counted < window_ && waiting_bytes_ < reorder_bytes_ && argument_bytes_ + last_bytes_ <= window_bytes_;
  }
  /// The next result; only while has_result().
  template <class R>
  indexed_result<R> take() {
    auto const next = take_next();
    return {next.number, read_reply<R>(*plan_.method, next.reply.view(), plan_.on.caller().bounds().depth)};
  }
  /// A short text of an input that failed, once, if known; if the plan names_inputs.
  std::string take_input(std::size_t number);
  /// The node that answered for an input, once; empty where it is not known or the plan does not name nodes.
  std::string take_node(std::size_t number);
  /// How many inputs there are, once that is known.
  std::optional<std::size_t> const& total() const noexcept { return total_; }

 private:
  struct slot {
    kept_reply reply;
    std::size_t number;
  };
  struct running {
    std::size_t number;
    call_ptr call;
    std::size_t argument_bytes;
  };
  class waiter;

  bool is_done() { return running_.empty() && results_.empty() && !has_input(); }
  /// Whether another call can be started. Throws what reading the inputs throws, unless other outcomes come first.
  bool has_input();
  bool keep_input_error();
  void start_next();
  void open_journal();
  bool journal_allows_next();
  bool replay(std::size_t number, call_record const& call);
  void came(call_id id, call_record const& call, call_reply const& reply);
  void keep(std::size_t number, kept_reply kept);
  slot take_next();
  void say_early();
  void ask_for_nodes(call_record const& like);
  void judge_slots(result<std::vector<listed_node>> const& nodes);
  void say_if_held_up();

  fan_out_plan plan_;
  std::size_t window_;
  std::size_t window_bytes_;
  std::size_t reorder_bytes_;
  bool in_order_;
  std::optional<std::size_t> total_;
  progress_watch watch_;
  lifetime<shards> self_{*this};  ///< its calls may end later
  std::size_t started_ = 0;
  std::size_t taken_ = 0;
  std::size_t argument_bytes_ = 0;  ///< of the calls under way
  std::size_t last_bytes_ = 0;      ///< of the input that was read last
  call_table<running> running_;
  std::deque<slot> results_;  ///< in order: from the oldest that was not taken, with gaps; else as they came
  std::deque<std::pair<std::size_t, time_point>> marks_;  ///< when some shards started, for people
  std::unordered_map<std::size_t, std::string> failed_inputs_;
  std::unordered_map<std::size_t, std::string> nodes_;
  std::size_t waiting_bytes_ = 0;
  bool said_held_up_ = false;
  std::optional<fault> first_fault_;
  std::exception_ptr input_error_;  ///< thrown once all started calls have been taken
  std::unique_ptr<journalled_work> journal_;  ///< null: none
  bool was_replayed_ = false;  ///< the last input
  std::size_t replayed_ = 0;   ///< results taken from the journal since this last let others run
  call_ptr question_;      ///< which nodes there are
  bool asks_again_ = false;  ///< once one has answered: there was none
  event changed_;
};

/// Runs a fan-out to its end: `take` gets each outcome, and throws to end it.
template <class R, class Take>
task<void> take_all(shards& calls, Take& take) {
  for (;;) {
    if (!calls.fill()) {
      bool const more = co_await calls.ready();
      if (!more) co_return;
    }
    do take(calls.take<R>());
    while (calls.has_result() && !calls.has_room());
  }
}

template <class R, class Take>
task<void> spread(fan_out_plan plan, Take take) {
  shards calls(std::move(plan));
  co_await take_all<R>(calls, take);
}

/// The advice about a fan-out of `inputs` over that many slots; empty if it is fine.
std::string idle_slots_text(std::size_t inputs, char const* noun, std::uint64_t slots);

/// A short text of a call's arguments, for people.
std::string input_text(call_record const& call);

/// Throws std::invalid_argument if max_failures was set for a function that cannot report which inputs failed.
void refuse_max_failures(char const* name, fan_out const& how);

/// `64 MB`.
std::string size_text(std::size_t bytes);

}  // namespace dist
