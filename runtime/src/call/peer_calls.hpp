#pragma once

#include <dist/rpc/detail/lifetime.hpp>
#include <dist/runtime/detail/call_book.hpp>
#include <functional>
#include <memory>
#include <unordered_map>

namespace dist {

/// Calls made on behalf of a peer, each under the peer's own number. Its destructor cancels the calls that have
/// not ended are cancelled, and only they. I/O thread.
class peer_calls {
 public:
  /// Told once for each call how it ended, perhaps inside of start or cancel; never after this has gone.
  using on_answer = std::function<void(std::uint64_t number, call_record const& call, call_reply const& reply)>;

  peer_calls(std::shared_ptr<call_book> on, on_answer answer);
  ~peer_calls();
  peer_calls(peer_calls const&) = delete;
  peer_calls& operator=(peer_calls const&) = delete;

  /// False, and nothing is started, when `number` is in use.
  bool start(std::uint64_t number, call_ptr call);
  /// Its reply, errc::cancelled, arrives like any other. An unknown number has no effect.
  void cancel(std::uint64_t number);
  void cancel_all();
  /// Null when it is not in use.
  call_ptr find(std::uint64_t number) const;
  std::size_t size() const noexcept { return calls_.size(); }
  call_book& on() const noexcept { return *on_; }

 private:
  class relay;
  void done(std::uint64_t number, call_record const& call, call_reply const& reply);

  std::shared_ptr<call_book> on_;
  on_answer answer_;
  std::unordered_map<std::uint64_t, call_ptr> calls_;
  lifetime<peer_calls> self_{*this};  ///< a call may end later
};

/// A call's number on one connection.
inline std::uint64_t to_number(call_id id) noexcept { return (std::uint64_t{id.generation} << 32) | id.index; }
inline call_id to_call_id(std::uint64_t number) noexcept {
  return {static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(number >> 32)};
}

}  // namespace dist
