#include "sim/world/fault_plan.hpp"

#include "sim/world/memory_stream.hpp"

namespace dist::test {

void fault_plan::attach(std::shared_ptr<memory_pipe> outgoing, std::shared_ptr<memory_pipe> incoming) {
  std::erase_if(streams_, [](attached const& a) { return a.outgoing.expired(); });
  streams_.push_back({outgoing, incoming});
}

void fault_plan::resume() {
  stalled_ = false;
  for (auto const& each : streams_)
    if (auto pipe = each.outgoing.lock()) {
      pipe->wake();
      if (auto back = each.incoming.lock()) back->wake();
    }
}

void fault_plan::end() {
  for (auto const& each : streams_) {
    if (auto pipe = each.outgoing.lock()) pipe->finish();
    if (auto pipe = each.incoming.lock()) pipe->abandon();
  }
}

void fault_plan::cut(std::error_code error) {
  for (auto const& each : streams_) {
    if (auto pipe = each.outgoing.lock()) pipe->reset(error);
    if (auto pipe = each.incoming.lock()) pipe->reset(error);
  }
}

void fault_plan::lose_path() {
  for (auto const& each : streams_) {
    if (auto pipe = each.outgoing.lock()) pipe->lose(asio::error::timed_out, {});
    if (auto pipe = each.incoming.lock()) pipe->lose({}, asio::error::timed_out);
  }
}

}  // namespace dist::test
