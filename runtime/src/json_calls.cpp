#include "json_calls.hpp"

#include <dist/rpc/event.hpp>
#include <dist/runtime/pending.hpp>

namespace dist {
namespace {

class text_waiter final : public call_waiter {
 public:
  explicit text_waiter(json_done done) : done_(std::move(done)) {}

  void on_reply(call_record const& call, call_reply const& reply) noexcept override {
    if (reply.failed) return done_({}, reply.failed);
    if (reply.codec == codec::json) return done_(as_text(reply.bytes), nullptr);
    auto what = make_fault(errc::bad_result, call.method->name + ": the node did not answer in JSON");
    what.node = reply.node;
    done_({}, &what);
  }

 private:
  json_done done_;
};

/// The answers to one message. Shared with the calls: they may outlive whoever waits.
struct answers {
  std::vector<std::string> texts;  ///< in the order of the requests
  std::size_t open = 0;
  event all;
};

}  // namespace

call_ptr start_json_call(caller& on, rpc_request const& request, duration node_wait, json_done done) {
  auto call = on.make_call();
  auto method = std::make_shared<method_key>();
  method->name = request.method;
  call->method = method.get();
  call->own_method = std::move(method);
  call->codec = codec::json;
  call->reply_spelling = request.version == rpc_version::v1 ? spelling::go : spelling::declared;
  call->arguments.append(as_bytes(request.params_text.empty() ? std::string_view("[]") : request.params_text));
  call->node_wait = node_wait;
  on.start(call);
  on.await(call, std::make_unique<text_waiter>(std::move(done)));
  return call;
}

task<std::string> answer_rpc(std::shared_ptr<caller> on, rpc_message message, duration node_wait) {
  auto const got = std::make_shared<answers>();
  std::vector<call_handle> calls;
  got->texts.resize(message.items.size());
  got->open = 1;
  for (std::size_t place = 0; place < message.items.size(); ++place) {
    auto const& item = message.items[place];
    if (auto const* invalid = std::get_if<rpc_invalid>(&item)) got->texts[place] = write_error(*invalid);
    auto const* request = std::get_if<rpc_request>(&item);
    if (!request) continue;
    ++got->open;
    auto asked = *request;
    asked.params_text.clear();
    auto done = [got, place, asked = std::move(asked)](std::string_view result_text, fault const* failed) {
      if (!asked.is_notification())
        got->texts[place] = failed ? write_error(asked, *failed) : write_reply(asked, result_text);
      if (--got->open == 0) got->all.set();
    };
    calls.emplace_back(on, start_json_call(*on, *request, node_wait, std::move(done)));
  }
  if (--got->open > 0) co_await got->all.wait();
  for (auto& one : calls) one.release();
  std::erase_if(got->texts, [](std::string const& one) { return one.empty(); });
  if (message.batch) co_return write_batch(got->texts);
  co_return got->texts.empty() ? std::string() : std::move(got->texts.front());
}

json_calls::json_calls(json_session& peer, std::shared_ptr<caller> on, duration node_wait)
    : peer_(peer), on_(std::move(on)), node_wait_(node_wait), self_(std::make_shared<json_calls*>(this)) {}

json_calls::~json_calls() {
  *self_ = nullptr;
  for (auto const& [id, call] : std::exchange(calls_, {})) on_->cancel(call);
}

void json_calls::on_request(call_id id, rpc_request const& request) {
  // The place is taken first: the call may end before start_json_call returns.
  auto const mine = calls_.emplace(key(id), nullptr).first->first;
  auto call =
      start_json_call(*on_, request, node_wait_, [to = self_, id](std::string_view result_text, fault const* failed) {
        if (*to) (*to)->done(id, result_text, failed);
      });
  if (auto const found = calls_.find(mine); found != calls_.end()) found->second = std::move(call);
}

void json_calls::done(call_id id, std::string_view result_text, fault const* failed) {
  calls_.erase(key(id));
  if (failed)
    peer_.refuse(id, *failed);
  else
    peer_.answer(id, result_text);
}

}  // namespace dist
