#include "json_calls.hpp"

#include <dist/rpc/event.hpp>
#include <dist/runtime/pending.hpp>

namespace dist {
namespace {

/// The encoded result of a call, as it came.
struct json_text {
  std::string text;
};

class text_waiter final : public call_waiter {
 public:
  explicit text_waiter(std::shared_ptr<std::pair<event, result<json_text>>> to) : to_(std::move(to)) {}

  void on_reply(call_record const& call, call_reply const& reply) noexcept override {
    if (reply.failed)
      to_->second = *reply.failed;
    else if (reply.codec != codec::json)
      to_->second = make_fault(errc::bad_result, call.method->name + ": the node did not answer in JSON");
    else
      to_->second = json_text{std::string(as_text(reply.bytes))};
    to_->first.set();
  }

 private:
  std::shared_ptr<std::pair<event, result<json_text>>> to_;
};

/// One request under way; ends its call when it is dropped.
class json_call {
 public:
  json_call(std::shared_ptr<caller> const& on, rpc_request request, duration node_wait)
      : request_(std::move(request)), answer_(std::make_shared<std::pair<event, result<json_text>>>()) {
    auto const call = on->make_call();
    auto method = std::make_shared<method_key>();
    method->name = request_.method;
    call->method = method.get();
    call->own_method = std::move(method);
    call->codec = codec::json;
    call->reply_spelling = request_.version == rpc_version::v1 ? spelling::go : spelling::declared;
    call->arguments.append(as_bytes(request_.params_text.empty() ? std::string_view("[]") : request_.params_text));
    call->node_wait = node_wait;
    on->start(call);
    on->await(call, std::make_unique<text_waiter>(answer_));
    handle_ = call_handle(on, call);
  }

  /// Empty for a notification.
  task<std::string> finish() {
    co_await answer_->first.wait();
    handle_.release();
    if (request_.is_notification()) co_return std::string();
    auto const& got = answer_->second;
    co_return got.has_value() ? write_reply(request_, got->text) : write_error(request_, got.error());
  }

 private:
  rpc_request request_;
  std::shared_ptr<std::pair<event, result<json_text>>> answer_;
  call_handle handle_;
};

}  // namespace

task<std::string> answer_rpc(std::shared_ptr<caller> on, rpc_message message, duration node_wait) {
  // All of a batch is under way before the first is awaited.
  std::vector<std::variant<std::unique_ptr<json_call>, std::string>> answers;
  for (auto& item : message.items) {
    if (auto* request = std::get_if<rpc_request>(&item))
      answers.emplace_back(std::make_unique<json_call>(on, std::move(*request), node_wait));
    else if (auto const* invalid = std::get_if<rpc_invalid>(&item))
      answers.emplace_back(write_error(*invalid));
  }
  std::vector<std::string> texts;
  for (auto& answer : answers) {
    std::string text;
    if (auto* call = std::get_if<std::unique_ptr<json_call>>(&answer))
      text = co_await (*call)->finish();
    else
      text = std::get<std::string>(answer);
    if (!text.empty()) texts.push_back(std::move(text));
  }
  if (message.batch) co_return write_batch(texts);
  co_return texts.empty() ? std::string() : std::move(texts.front());
}

}  // namespace dist
