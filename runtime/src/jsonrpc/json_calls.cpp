#include "jsonrpc/json_calls.hpp"

#include <asio/post.hpp>
#include <dist/rpc/detail/event.hpp>

#include "call/no_room.hpp"
#include "jsonrpc/rpc_answers.hpp"
#include "values/json.hpp"

namespace dist {
namespace {

/// Parameters and result pass through by value, as text.
call_ptr make_json_call(call_book& on, rpc_request const& request, duration node_wait) {
  auto call = on.make_call();
  auto method = std::make_shared<method_key>();
  method->name = request.method;
  call->method = method.get();
  call->own_method = std::move(method);
  call->codec = codec::json;
  call->reply_spelling = request.version == rpc_version::v1 ? spelling::go : spelling::declared;
  call->arguments.append(as_bytes(request.params_text.empty() ? std::string_view("[]") : request.params_text));
  call->node_wait = node_wait;
  call->origin = json_origin;
  return call;
}

/// Why the reply cannot be embedded in our message; empty if it can. A node may write anything: a text that is not one
/// JSON value would end that message early and begin another.
std::string reply_problem(call_book const& on, call_reply const& reply) {
  return reply.codec == codec::json ? json_problem(as_text(reply.bytes), on.bounds().depth) : "another codec";
}

/// `say(result_text, fault)`: exactly one of the two is set.
template <class Say>
void hand_on(call_book const& on, call_record const& call, call_reply const& reply, Say say) {
  if (reply.failed) return say(std::string_view(), reply.failed);
  auto const problem = reply_problem(on, reply);
  if (problem.empty()) return say(as_text(reply.bytes), static_cast<fault const*>(nullptr));
  auto what = make_fault(errc::bad_result, call.method->name + ": the node's answer is not JSON: " + problem);
  what.node = reply.node;
  what.method = call.method->name;
  say(std::string_view(), &what);
}

}  // namespace

task<std::string> answer_rpc(std::shared_ptr<call_book> on, rpc_message message, rpc_call_options options) {
  std::shared_ptr<request_options> traced;
  if (!options.traceparent.empty()) {
    traced = std::make_shared<request_options>();
    traced->traceparent = options.traceparent;
  }
  rpc_answers answers(message.items.size());
  memory_share kept(on->world().memory);
  event all;
  auto const put = [&](std::size_t place, std::string text) {
    kept.add(text.size());
    if (answers.put(place, std::move(text))) all.set();
  };
  auto answer = [&](std::uint64_t place, call_record const& call, call_reply const& reply) {
    if (options.why) *options.why = on->why(call);
    hand_on(*on, call, reply, [&](std::string_view result_text, fault const* failed) {
      auto const& asked = std::get<rpc_request>(message.items[place]);
      if (asked.is_notification()) return put(place, {});
      put(place, failed ? write_error(asked, *failed)
                        : write_bounded(asked, result_text, kept.bytes(), on->bounds().outbox_bytes, kept.budget()));
    });
  };
  // The last to be made: when this coroutine is cancelled its calls end first.
  peer_calls calls(on, std::move(answer));
  for (std::size_t place = 0; place < message.items.size(); ++place) {
    auto const& item = message.items[place];
    auto const* request = std::get_if<rpc_request>(&item);
    if (!request) {
      auto const* invalid = std::get_if<rpc_invalid>(&item);
      put(place, invalid ? write_error(*invalid) : std::string());
      continue;
    }
    auto call = make_json_call(*on, *request, options.node_wait);
    call->set_options(traced);
    calls.start(place, std::move(call));
    if ((place + 1) % messages_per_turn == 0) co_await asio::post(asio::use_awaitable);
  }
  if (!answers.complete()) co_await all.wait();
  auto texts = answers.take();
  if (message.batch) co_return write_batch(std::move(texts));
  co_return texts.empty() ? std::string() : std::move(texts.front());
}

json_calls::json_calls(json_session& peer, std::shared_ptr<call_book> on, duration node_wait)
    : peer_(peer),
      node_wait_(node_wait),
      arguments_(on->world().memory),
      calls_(std::move(on), [this](std::uint64_t number, call_record const& call, call_reply const& reply) {
        arguments_.remove(call.arguments.size());
        hand_on(calls_.on(), call, reply, [&](std::string_view result_text, fault const* failed) {
          if (failed)
            peer_.refuse(to_call_id(number), *failed);
          else
            peer_.answer(to_call_id(number), result_text);
        });
      }) {}

void json_calls::on_request(call_id id, rpc_request const& request) {
  auto const bytes = request.params_text.size();
  if (!arguments_.has_room_for_request(bytes))
    return peer_.refuse(id, no_room("a request", bytes, arguments_.budget(), progress::not_started));
  auto call = make_json_call(calls_.on(), request, node_wait_);
  arguments_.add(call->arguments.size());
  calls_.start(to_number(id), std::move(call));
}

}  // namespace dist
