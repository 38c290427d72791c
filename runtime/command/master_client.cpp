#include "master_client.hpp"

#include <asio/error.hpp>
#include <dist/rpc/task_group.hpp>
#include <dist/runtime/token.hpp>

#include "base/duration_text.hpp"
#include "http/http_client.hpp"
#include "io/stream_timer.hpp"
#include "node/join.hpp"
#include "program/exit_code.hpp"
#include "values/json.hpp"
#include "wire/secret.hpp"

namespace dist {
namespace {

constexpr auto patience = std::chrono::seconds(10);

std::string too_large(std::system_error const& e) {
  auto const* const fault = dynamic_cast<call_error const*>(&e);
  return "the master's reply is too large: " + (fault ? fault->fault().message : std::string(e.what())) +
         "; raise this command's limit: --limit message_bytes=SIZE";
}

[[noreturn]] void deny(std::string const& text) { throw command_error(exit_code::wrong_use, text); }

/// A TLS handshake that failed: the message names the address and says what to change.
void report_handshake(std::system_error const& e) {
  auto const* const failed = dynamic_cast<call_error const*>(&e);
  if (!failed) return;
  if (e.code() == errc::denied) deny(failed->fault().message);
  if (e.code() == errc::protocol_error) throw command_error(exit_code::nobody_there, failed->fault().message);
}

}  // namespace

master_client::master_client(command_line const& given) : given_(given), world_(0, log(log_level::error)) {
  if (!given.secret_file.empty()) {
    auto read = read_secret_file(given.secret_file);
    if (!read) deny(read.error().message);
    secret_ = std::move(*read);
    if (!given.with_tls && !is_loopback(given.master.host))
      deny(
          "the secret's token may be sent only over TLS or within one machine: add --tls-ca FILE, or run this where "
          "the master "
          "runs");
  }
  if (!given.with_tls) return;
  auto with = tls_context::for_client(given.tls);
  if (!with) deny(with.error().message);
  world_.use_tls(std::move(*with));
}

void master_client::run(task<void> work) {
  task_group all(world_.io().get_executor());
  all.spawn(std::move(work));
  std::exception_ptr failed;
  auto wait = [](task_group& group, std::exception_ptr& why) -> task<void> {
    try {
      co_await group.join();
    } catch (...) {
      why = std::current_exception();
    }
  };
  task_group waiting(world_.io().get_executor());
  waiting.spawn(wait(all, failed));
  world_.io().run();
  if (failed) std::rethrow_exception(failed);
}

task<void> master_client::connect_into(std::unique_ptr<stream>& made, std::string& problem) {
  try {
    made = co_await world_.get().network.connect(given_.master);
  } catch (std::system_error const& e) {
    auto const words = own_words(e);
    if (e.code() == asio::error::operation_aborted && !words.empty()) problem += ": " + words;
    throw;
  }
}

task<std::unique_ptr<stream>> master_client::connect() {
  std::unique_ptr<stream> made;
  task_group attempt(world_.io().get_executor());
  std::string problem = "no connection within " + ms_text(limit_or(patience));
  attempt.spawn(connect_into(made, problem));
  auto& clock = world_.get().clock;
  auto const timer = clock.schedule(later(clock.now(), limit_or(patience)), [&attempt] { attempt.stop(); });
  try {
    co_await attempt.join();
  } catch (std::system_error const& e) {
    problem = e.code().message();
    // The host has several addresses.
    if (problem != e.what() && std::string_view(e.what()).find(" (") != std::string_view::npos) problem = e.what();
    report_handshake(e);
    if (e.code() == errc::protocol_error) problem = e.what();
  }
  clock.cancel(timer);
  if (made) co_return made;
  throw command_error(exit_code::nobody_there,
                      "no master at " + at() + ": " + problem +
                          "; give its address with --master ADDR or DIST_CONNECT, or start one: dist master");
}

task<http_response> master_client::ask(http_request request, duration limit) {
  auto const peer = co_await connect();
  // Leaving before the reply cancels the calls.
  peer->reset_when_closed();
  request.headers.set("Host", at());
  request.headers.set("Connection", "close");
  if (!secret_.empty()) request.headers.set("Authorization", "Bearer " + bearer_token(secret_));
  stream_timer timer(world_.get().clock, *peer);
  if (limit != duration::max()) timer.arm(limit, "no reply within " + ms_text(limit));
  std::string problem;
  try {
    auto answer = co_await http_exchange(*peer, std::move(request), given_.limits);
    check(answer.response);
    co_return std::move(answer.response);
  } catch (std::system_error const& e) {
    problem = e.what();
    if (e.code() == errc::denied) report_handshake(e);
    if (e.code() == errc::limit_exceeded) throw command_error(exit_code::failed, too_large(e));
  }
  if (timer.fired()) throw command_error(exit_code::failed, timer.reason() + " from " + at());
  throw command_error(exit_code::nobody_there, "the program listening at " + at() +
                                                   " did not reply like a dist master: " + problem +
                                                   "; check the address, and whether --tls-ca FILE or --tls is needed");
}

void master_client::check(http_response const& answer) const {
  auto body = answer.body;
  while (!body.empty() && body.back() == '\n') body.pop_back();
  switch (answer.status) {
    case 200:
    case 204:
      return;
    case 401:
      deny(secret_.empty() ? "the cluster at " + at() + " has a secret: add --secret-file FILE or set DIST_SECRET_FILE"
                           : "the secret in " + given_.secret_file + " is not the secret of the cluster at " + at());
    case 403:
      deny("the master at " + at() + " rejected this: " + body);
    case 400:
      if (asks_for_tls(answer)) deny(tls_required(given_.master));
      break;
    case 404:
      if (body.starts_with("there is no ")) throw command_error(exit_code::failed, body);
      not_a_master();
    default:
      break;
  }
  throw command_error(exit_code::failed,
                      "the master at " + at() + " replied " + std::to_string(answer.status) + ": " + body);
}

void master_client::not_a_master() const {
  throw command_error(exit_code::nobody_there,
                      "the program listening at " + at() + " is not a dist master; check the address");
}

task<boost::json::value> master_client::status() {
  http_request request("GET", "/status");
  auto const answer = co_await ask(std::move(request), limit_or(patience));
  auto parsed = parse_json(answer.body, limits().depth);
  if (!parsed || !parsed->is_object() || !parsed->as_object().contains("nodes"))
    throw command_error(exit_code::nobody_there,
                        "the program listening at " + at() + " is not a dist master; check the address");
  co_return std::move(*parsed);
}

}  // namespace dist
