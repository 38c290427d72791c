#include "join.hpp"

#include <dist/rpc/stream_timer.hpp>

namespace dist {
task<http_answer> ask_for_frames(seams world, stream& peer, address master, std::string path, std::uint16_t port,
                                 limits bounds) {
  http_request request("GET", std::move(path));
  request.query.emplace_back("port", std::to_string(port));
  request.headers.set("Host", to_text(master));
  request.headers.set("Connection", "Upgrade");
  request.headers.set("Upgrade", "dist/1");
  stream_timer patience(world.clock, peer);
  patience.arm(bounds.handshake, "no answer to the registration");
  co_return co_await http_exchange(peer, std::move(request), bounds);
}

task<welcome> introduce_in_time(seams world, connection& session, hello me, std::string secret, limits bounds) {
  stream_timer patience(world.clock, session.over());
  patience.arm(bounds.handshake, "no welcome");
  co_return co_await introduce(session, std::move(me), std::move(secret), world.entropy);
}

call_error registration_error(address const& master, std::string const& path, http_response const& answer) {
  auto body = answer.body.substr(0, 200);
  while (!body.empty() && body.back() == '\n') body.pop_back();
  return call_error(make_fault(errc::protocol_error, "the master at " + to_text(master) + " answered " + path +
                                                         " with " + std::to_string(answer.status) + ": " + body));
}

}  // namespace dist
