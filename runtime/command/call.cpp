#include <boost/json/serialize.hpp>
#include <boost/json/value_to.hpp>
#include <dist/rpc/sleep.hpp>
#include <dist/rpc/task_group.hpp>
#include <iostream>

#include "jsonrpc/jsonrpc.hpp"
#include "master_client.hpp"
#include "program/exit_code.hpp"
#include "status.hpp"
#include "values/json.hpp"
#include "verbs.hpp"

namespace dist {
namespace {

std::string quote(std::string const& text) { return boost::json::serialize(boost::json::value(text)); }

/// The words as a JSON list, each as it was written.
std::string parameters(std::vector<std::string> const& words, std::size_t depth_limit) {
  std::string list = "[";
  for (std::size_t i = 1; i < words.size(); ++i) {
    auto const parsed = parse_json(words[i], depth_limit);
    if (!parsed)
      throw command_error(exit_code::wrong_use, "argument " + std::to_string(i) + ", " + words[i] +
                                                    ", is not valid JSON: " + parsed.error().message +
                                                    "; quote strings: '\"text\"'");
    list += (i > 1 ? "," : "") + words[i];
  }
  return list + "]";
}

rpc_reply read_reply(std::string const& text, limits const& bounds) {
  auto message = parse_rpc(text, bounds);
  if (message.items.size() == 1)
    if (auto* const reply = std::get_if<rpc_reply>(&message.items.front())) return std::move(*reply);
  throw command_error(exit_code::failed, "the master's reply is not JSON-RPC: " + text.substr(0, 100));
}

/// The exit code for a failed call.
int code_of(rpc_error const& error) {
  return to_fault(error).code == errc::no_node ? exit_code::nobody_there : exit_code::failed;
}

std::string next_step(rpc_error const& error) {
  switch (to_fault(error).code) {
    case errc::unknown_method:
      return "; see: dist methods";
    case errc::bad_arguments:
      return "; see: dist methods (each word is one argument)";
    case errc::no_node:
      return "; see: dist nodes";
    default:
      return "";
  }
}

/// While the call waits: prints why calls wait, when that changes.
task<void> watch(master_client& master) {
  std::string said;
  for (;;) {
    co_await sleep_for(master.world().get().clock, std::chrono::seconds(1));
    auto const status = co_await master.status();
    auto waiting = text_at(status, "waiting");
    if (waiting.empty() || waiting == said) continue;
    std::cerr << "dist: waiting: " << waiting << '\n';
    said = std::move(waiting);
  }
}

task<http_response> ask(master_client& master, http_request request, bool why) {
  task_group watching(master.world().io().get_executor());
  if (why) {
    request.headers.set("Dist-Why", "yes");
    watching.spawn(watch(master));
  }
  std::exception_ptr failed;
  http_response answer;
  try {
    answer = co_await master.ask(std::move(request), master.limit_or(duration::max()));
  } catch (...) {
    failed = std::current_exception();
  }
  watching.stop();
  try {
    co_await watching.join();
  } catch (command_error const&) {
    // The watch is secondary: only errors of the call count.
  }
  if (failed) std::rethrow_exception(failed);
  co_return answer;
}

/// What --json writes.
std::string json_answer(rpc_reply const& reply, std::string const& why) {
  auto const behind = why.empty() ? "}" : ",\"why\":" + quote(why) + "}";
  if (!reply.error) return "{\"result\":" + reply.result_text + behind;
  auto const& data = reply.error->data_text;
  return "{\"error\":{\"message\":" + quote(reply.error->message) + (data.empty() ? "" : ",\"data\":" + data) + "}" +
         behind;
}

task<void> call_and_print(master_client& master, command_line const& given, int& code) {
  rpc_request asked;
  asked.id_text = "1";
  asked.method = given.words.front();
  asked.params_text = parameters(given.words, given.limits.depth);
  http_request request("POST", "/rpc");
  request.headers.set("Content-Type", "application/json");
  if (!given.traceparent.empty()) request.headers.set("traceparent", given.traceparent);
  request.body = write_request(asked);
  auto const answer = co_await ask(master, std::move(request), given.why);
  std::string const why(answer.headers.find("Dist-Why").value_or(""));
  auto const reply = read_reply(answer.body, given.limits);
  if (reply.error) {
    code = code_of(*reply.error);
    auto const& message = reply.error->message;
    std::cerr << "dist: " << printable(message, message.size(), line_ends::kept) << next_step(*reply.error) << '\n';
  }
  if (given.json)
    std::cout << json_answer(reply, why) << '\n';
  else if (!reply.error)
    std::cout << reply.result_text << '\n';
  if (!why.empty() && !given.json) std::cerr << "dist: " << printable(why, why.size()) << '\n';
}

}  // namespace

int make_call(command_line const& given) {
  master_client master(given);
  int code = 0;
  master.run(call_and_print(master, given, code));
  return code;
}

}  // namespace dist
