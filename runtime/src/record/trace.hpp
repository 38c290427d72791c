#pragma once

#include <dist/rpc/seams.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "record/timeline.hpp"
#include "record/trace_file.hpp"

namespace dist {

/// What `--trace` writes: a timeline and its file.
struct trace {
  /// Errors as trace_file.
  trace(seams const& world, std::string path, std::string_view waiting)
      : clock(world.clock),
        file(std::move(path), world.log),
        calls([this](std::string_view event) { file.put(event); }, waiting, world.clock.now()) {}
  ~trace() { calls.close(clock.now()); }
  trace(trace const&) = delete;
  trace& operator=(trace const&) = delete;

  void beat(std::size_t queued, std::uint64_t running, time_point now) {
    calls.counted(queued, running, now);
    file.flush();
  }

  dist::clock& clock;
  trace_file file;
  timeline calls;
};

}  // namespace dist
