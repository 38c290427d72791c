#include "master/unproven_peers.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <utility>

namespace dist {

std::string party_of(std::string_view host) {
  std::string const text(host.substr(0, host.find('%')));
  in6_addr address{};
  if (inet_pton(AF_INET6, text.c_str(), &address) != 1 || IN6_IS_ADDR_V4MAPPED(&address)) return text;
  constexpr std::size_t network_bytes = 8;
  if (IN6_IS_ADDR_LOOPBACK(&address)) return text;
  return std::string(reinterpret_cast<char const*>(address.s6_addr), network_bytes);
}

unproven_peers::share::share(unproven_peers& of, std::string_view host, std::size_t bytes, std::function<void()> close)
    : of_(of), party_(party_of(host)), close_(std::move(close)), place_(of.peers_.insert(of.peers_.end(), this)) {
  hold(bytes);
}

void unproven_peers::share::hold(std::size_t bytes) {
  if (!counts_) return;
  of_.bytes_ += bytes - bytes_;
  of_.bytes_of_[party_] += bytes - bytes_;
  bytes_ = bytes;
  of_.make_room();
}

void unproven_peers::share::let_in() noexcept {
  leave();
  let_in_ = !crowded_out_;
}

void unproven_peers::share::leave() noexcept {
  if (!std::exchange(counts_, false)) return;
  of_.peers_.erase(place_);
  of_.bytes_ -= bytes_;
  auto const party = of_.bytes_of_.find(party_);
  if ((party->second -= bytes_) == 0) of_.bytes_of_.erase(party);
}

void unproven_peers::make_room() {
  while (bytes_ > limit_) {
    auto const most = std::ranges::max_element(bytes_of_, {}, [](auto const& one) { return one.second; });
    auto const oldest = std::ranges::find_if(peers_, [&](share const* one) { return one->party_ == most->first; });
    auto& out = **oldest;
    out.leave();
    out.crowded_out_ = true;
    out.close_();
  }
}

}  // namespace dist
