#pragma once

#include <cstdint>
#include <dist/runtime/detail/call_record.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace dist {

/// A job's calls as events of the Trace Event Format, for Perfetto: a process row for each node and one for waiting
/// calls, each with enough thread rows that no two calls overlap. An event is written when its interval has ended; only
/// open intervals are kept. Pure: returns the text to write; the time is an argument.
class timeline {
 public:
  /// Takes one event, JSON text on one line.
  using writer = std::function<void(std::string_view event)>;
  /// `waiting` names the row of the calls that wait.
  timeline(writer put, std::string_view waiting, time_point now);

  /// How a call came back from where it was.
  struct outcome {
    std::string_view text;  ///< `ok`, or the error in one word
    std::string_view why;   ///< a sentence; may be empty
    std::string_view node;  ///< the node that answered, if known
    std::uint32_t running_us = 0;
  };

  /// The call waits to be sent. Once more: nothing.
  void waits(call_record const& call, time_point now);
  /// It went to `place`, a node's name, where it is not yet.
  void sent(call_record const& call, std::string const& place, time_point now);
  /// It has left that node; no effect if it was not there.
  void returned(call_record const& call, std::string const& place, outcome const& how, time_point now);
  /// Its caller is gone. It may still be on nodes, which then return it.
  void ended(call_record const& call, std::string_view how, time_point now);
  /// Something happened to a node: `joined`.
  void happened(std::string const& place, std::string_view what, time_point now);
  /// So many are queued and run, on all nodes.
  void counted(std::size_t queued, std::uint64_t running, time_point now);
  /// Writes open calls as unfinished; accepts no more events.
  void close(time_point now);

 private:
  /// Rows of one process row: the lowest free one is taken.
  struct rows {
    std::uint32_t pid = 0;
    std::uint32_t made = 0;
    std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> free;
  };
  struct stay {
    rows* in = nullptr;
    std::uint32_t row = 0;
    time_point since{};
    unsigned attempt = 0;
  };
  struct under_way {
    std::uint64_t number = 0;  ///< counts the calls
    unsigned attempts = 0;
    std::optional<stay> waiting;
    duration waited{};
    std::vector<stay> places;
    std::optional<stay> before;  ///< the attempt that ended last
    bool over = false;
  };

  rows& rows_of(std::string const& place);
  std::uint32_t take_row(rows& in);
  under_way& of(call_record const& call);
  void forget_if_over(call_record const& call);
  void put_wait(call_record const& call, under_way& one, std::string_view how, time_point now);
  void put_try(call_record const& call, under_way& one, stay const& where, outcome const& how, time_point now);
  void put_slice(std::string_view name, char const* category, stay const& where, std::string const& arguments,
                 time_point now);
  void put_name(rows const& in, std::string_view name);
  void put_arrow(under_way const& one, stay const& to);
  std::int64_t microseconds(time_point at) const;
  static std::string facts(call_record const& call, under_way const& one);

  writer put_;
  time_point begun_;
  rows waiting_;
  std::unordered_map<std::string, std::unique_ptr<rows>> places_;
  std::unordered_map<call_record const*, under_way> calls_;
  std::uint64_t numbers_ = 0;
};

}  // namespace dist
