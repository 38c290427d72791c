#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace dist {

/// The part of an address that one party can be taken to own: an IPv4 address, or the first 64 bits of an IPv6 address.
std::string party_of(std::string_view host);

/// The memory that all peers together hold before they are authenticated: one bound in bytes, in which each
/// connection counts too. Above it the oldest peer of the party that holds the most is closed, so a newcomer from
/// elsewhere gets through, and so does one that is quick. Pure.
class unproven_peers {
 public:
  /// One peer, from accept until it is let in or leaves. `close` ends it, and must not destroy the share.
  class share {
   public:
    share(unproven_peers& of, std::string_view host, std::size_t bytes, std::function<void()> close);
    ~share() { leave(); }
    share(share const&) = delete;
    share& operator=(share const&) = delete;

    /// Sets what it holds. May close this peer or another.
    void hold(std::size_t bytes);
    /// It counts no longer.
    void let_in() noexcept;

    std::string const& party() const noexcept { return party_; }
    bool is_let_in() const noexcept { return let_in_; }
    bool is_crowded_out() const noexcept { return crowded_out_; }

   private:
    friend unproven_peers;

    void leave() noexcept;

    unproven_peers& of_;
    std::string party_;
    std::size_t bytes_ = 0;
    std::function<void()> close_;
    std::list<share*>::iterator place_;
    bool counts_ = true;
    bool let_in_ = false;
    bool crowded_out_ = false;
  };

  explicit unproven_peers(std::size_t bytes_limit) noexcept : limit_(bytes_limit) {}

  std::size_t bytes() const noexcept { return bytes_; }
  std::size_t count() const noexcept { return peers_.size(); }

 private:
  void make_room();

  std::size_t limit_;
  std::size_t bytes_ = 0;
  std::list<share*> peers_;  ///< those that count, the oldest first
  std::unordered_map<std::string, std::size_t> bytes_of_;
};

}  // namespace dist
