#pragma once

#include <boost/test/unit_test.hpp>
#include <optional>

#include "rpc/connection_support.hpp"
#include "rpc/frame_support.hpp"
#include "support/wrapped_stream.hpp"

namespace dist::test {

/// Counts the writes that reach the stream.
class counting_stream final : public wrapped_stream {
 public:
  counting_stream(std::unique_ptr<stream> inner, std::size_t& writes) : wrapped_stream(std::move(inner)), writes_(writes) {}
  task<void> write(std::span<asio::const_buffer const> from) override {
    ++writes_;
    return inner().write(from);
  }
  task<std::size_t> write_some(std::span<asio::const_buffer const> from) override {
    ++writes_;
    return inner().write_some(from);
  }
  std::size_t try_write(std::span<asio::const_buffer const> from) noexcept override {
    auto const count = inner().try_write(from);
    if (count > 0) ++writes_;
    return count;
  }

 private:
  std::size_t& writes_;
};

struct pair_of_ends : world {
  explicit pair_of_ends(memory_stream_options options = {}, dist::limits bounds = {},
                        when_full full = when_full::read_on)
      : limits(bounds) {
    options.first_plan = plan;
    auto ends = memory_stream_pair(std::move(options));
    here.emplace(std::make_unique<counting_stream>(std::move(ends.first), writes), seams, limits, full);
    raw = std::move(ends.second);
  }

  /// Makes the other end a connection too.
  connection& there() {
    if (!there_) there_.emplace(std::move(raw), seams, limits);
    return *there_;
  }
  started<void> run_here(connection::handler on_frame, connection::batch_end on_batch = {}) {
    return start(io, here->run(std::move(on_frame), {}, std::move(on_batch)));
  }
  started<void> run_there(connection::handler on_frame) { return start(io, there().run(std::move(on_frame))); }

  dist::limits limits;
  std::shared_ptr<fault_plan> plan = std::make_shared<fault_plan>();
  std::size_t writes = 0;
  std::optional<connection> here;
  std::unique_ptr<stream> raw;

 private:
  std::optional<connection> there_;
};

inline std::error_code code_of(started<void>& ended, std::string* text = nullptr) {
  try {
    ended.get();
  } catch (std::system_error const& e) {
    if (text) *text = e.what();
    return e.code();
  }
  return {};
}

inline void ignore(frame&) {}

inline void expect_nothing_left(pair_of_ends& ends) {
  BOOST_CHECK_NO_THROW(expect_no_work(ends.io));
  BOOST_TEST(ends.clock.timer_count() == 0U);
}

}  // namespace dist::test
