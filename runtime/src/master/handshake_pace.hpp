#pragma once

#include <algorithm>
#include <chrono>
#include <dist/rpc/deadline.hpp>
#include <string>
#include <unordered_map>

namespace dist {

/// How fast TLS handshakes may begin: each costs the I/O thread about a millisecond before the peer has shown anything.
/// Each party has a pace of its own below that of all together; handshakes beyond it wait. Pure.
class handshake_pace {
 public:
  static constexpr unsigned burst_of_one = 200;
  static constexpr unsigned burst_of_all = 400;
  static constexpr std::chrono::nanoseconds between_of_one = std::chrono::milliseconds(20);
  static constexpr std::chrono::nanoseconds between_of_all = std::chrono::microseconds(6'667);

  /// How long to wait before asking again; zero: begin now.
  duration wait(std::string const& party, time_point now) {
    auto& own = parties_[party];
    auto const pause = std::max(own - now - (burst_of_one - 1) * between_of_one,
                                all_ - now - (burst_of_all - 1) * between_of_all);
    if (pause > duration::zero()) return pause;
    own = std::max(own, now) + between_of_one;
    all_ = std::max(all_, now) + between_of_all;
    // A party that has been quiet long enough is forgotten.
    if (parties_.size() > parties_max) std::erase_if(parties_, [&](auto const& one) { return one.second <= now; });
    return duration::zero();
  }

  std::size_t party_count() const noexcept { return parties_.size(); }

 private:
  static constexpr std::size_t parties_max = 4096;

  std::unordered_map<std::string, time_point> parties_;  ///< when each will have paid for its handshakes
  time_point all_{};
};

}  // namespace dist
