#include "node/join.hpp"

#include <asio/error.hpp>
#include <dist/rpc/task_group.hpp>

#include "io/stream_timer.hpp"

namespace dist {
namespace {

/// A connection that is on its way.
struct connecting {
  std::unique_ptr<stream> made;
  std::string waited_for;  ///< by an attempt that was interrupted: what had not answered
};

task<void> connect_into(network& over, address to, connecting& here) {
  try {
    here.made = co_await over.connect(std::move(to));
  } catch (std::system_error const& e) {
    if (e.code() == asio::error::operation_aborted) here.waited_for = own_words(e);
    throw;
  }
}

}  // namespace

std::string own_words(std::system_error const& e) {
  std::string text = e.what();
  auto const system = ": " + e.code().message();
  return text.ends_with(system) ? text.substr(0, text.size() - system.size()) : "";
}

task<std::unique_ptr<stream>> connect_within(seams world, address to, std::chrono::milliseconds limit) {
  connecting here;
  task_group attempt(world.io.get_executor());
  attempt.spawn(connect_into(world.network, to, here));
  auto const timer = world.clock.schedule(later(world.clock.now(), limit), [&attempt] { attempt.stop(); });
  std::exception_ptr failed;
  try {
    co_await attempt.join();
  } catch (...) {
    failed = std::current_exception();
  }
  world.clock.cancel(timer);
  if (failed) std::rethrow_exception(failed);
  if (!here.made)
    throw std::system_error(errc::deadline_exceeded,
                            "no connection to " + to_text(to) + ' ' + within_limit("handshake", limit) +
                                (here.waited_for.empty() ? "" : ": " + here.waited_for));
  co_return std::move(here.made);
}

task<http_answer> ask_for_frames(seams world, stream& peer, address master, std::string path, std::uint16_t port,
                                 limits bounds) {
  http_request request("GET", std::move(path));
  request.query.emplace_back("port", std::to_string(port));
  request.headers.set("Host", to_text(master));
  request.headers.set("Connection", "Upgrade");
  request.headers.set("Upgrade", "dist/1");
  stream_timer patience(world.clock, peer);
  patience.arm(bounds.handshake,
               "no answer from " + to_text(master) + ' ' + within_limit("handshake", bounds.handshake));
  try {
    co_return co_await http_exchange(peer, std::move(request), bounds);
  } catch (std::system_error const&) {
    patience.rethrow();
  }
}

task<welcome> introduce_in_time(seams world, connection& session, hello me, std::string secret, limits bounds) {
  stream_timer patience(world.clock, session.over());
  patience.arm(bounds.handshake, "no welcome message from " + session.over().peer_address() + ' ' +
                                     within_limit("handshake", bounds.handshake));
  try {
    co_return co_await introduce(session, std::move(me), std::move(secret), world.entropy);
  } catch (std::system_error const&) {
    patience.rethrow();
  }
}

bool asks_for_tls(http_response const& answer) {
  return answer.status == 400 && answer.body.find(" TLS") != std::string::npos;
}

std::string tls_required(address const& master) {
  return "the master at " + to_text(master) + " requires TLS; add --tls-ca FILE or --tls";
}

call_error registration_error(address const& master, std::string const& path, http_response const& answer) {
  if (asks_for_tls(answer)) return call_error(make_fault(errc::denied, tls_required(master)));
  auto body = answer.body.substr(0, 200);
  while (!body.empty() && body.back() == '\n') body.pop_back();
  return call_error(make_fault(errc::protocol_error, "the master at " + to_text(master) + " answered " + path +
                                                         " with " + std::to_string(answer.status) + ": " + body));
}

}  // namespace dist
