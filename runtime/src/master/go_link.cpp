#include "master/go_link.hpp"

#include <algorithm>
#include <charconv>
#include <dist/rpc/detail/spelling.hpp>

#include "values/json.hpp"

namespace dist {
namespace {

/// No node has it, and every reply proves life. The name identifies the call in a Go node's trace.
constexpr std::string_view beat_method = "Dist.Beat";

/// The answer to the first beat is shorter; more than that is not kept for a peer that has not proven anything yet.
constexpr std::size_t first_answer_bytes = 16 * 1024;

/// `Arith.check_n` is `Arith.CheckN` there.
std::string go_method(std::string_view name) {
  auto const dot = name.find('.');
  if (dot == name.npos) return go_spelling(name);
  return std::string(name.substr(0, dot + 1)) + go_spelling(name.substr(dot + 1));
}

/// The call's arguments as a Go node takes them: a list of exactly one.
result<std::string> go_params(call_record const& call, std::size_t depth_limit) {
  std::string text;
  if (call.codec == codec::json) {
    text = as_text(call.arguments.bytes());
    // A dist/1 caller may have sent anything.
    if (auto const problem = json_problem(text, depth_limit + envelope_depth); !problem.empty())
      return make_fault(errc::bad_arguments, call.method->name + ": the arguments are not JSON: " + problem);
    // JSON-RPC's members by name are Go's one structure.
    if (text.starts_with('{')) return '[' + text + ']';
  } else {
    if (!call.method->to_go)
      return make_fault(errc::bad_arguments,
                        call.method->name + ": a call to a Go node needs types: name the method at compile time");
    buffer json;
    if (auto const problem = call.method->to_go(call.arguments.bytes(), depth_limit, json); !problem.empty())
      return make_fault(errc::bad_arguments, call.method->name + ": for a Go node: " + problem);
    text = json.text();
  }
  std::vector<std::string_view> arguments;
  if (!split_json_list(text, arguments) || arguments.size() != 1)
    return make_fault(errc::bad_arguments, call.method->name +
                                               ": a method of a Go node takes exactly one argument, not " +
                                               std::to_string(arguments.size()));
  return text;
}

}  // namespace

go_link::go_link(std::unique_ptr<stream> over, std::shared_ptr<dispatcher> calls, duration heartbeat)
    : calls_(std::move(calls)),
      lines_(std::move(over), calls_->world(), calls_->bounds()),
      quiet_(heartbeat / 2) {
  keeps_codec = false;
}

task<std::string> go_link::run(std::function<void()> on_alive) {
  on_alive_ = std::move(on_alive);
  std::string why = "its connection ended";
  stream_timer patience(calls_->world().clock, lines_.over());
  patience.arm(calls_->bounds().handshake, "it did not answer its first beat");
  json_stream::handler on_message = [this, &patience](rpc_message message) {
    patience.disarm();
    this->on_message(message);
  };
  lines_.limit_message(std::min(first_answer_bytes, calls_->bounds().message_bytes));
  beat();
  try {
    co_await lines_.run(std::move(on_message));
  } catch (std::exception const& e) {
    why = e.what();
  }
  if (patience.fired()) why = patience.reason();
  if (!reason_.empty()) why = reason_;
  co_return why;
}

void go_link::put_request(std::string method, std::string params_text, std::uint64_t number) {
  rpc_request request;
  request.version = rpc_version::v1;
  request.method = std::move(method);
  request.params_text = std::move(params_text);
  request.id_text = std::to_string(number);
  lines_.put(write_request(request));
}

std::uint64_t go_link::send(call_id attempt, placed_call& call, time_point, std::optional<fault>& why_not) {
  auto params = go_params(call, calls_->bounds().depth);
  if (!params) {
    why_not = params.error();
    // Another kind of node may accept a call that this one cannot.
    why_not->may = remedy::elsewhere;
    return 0;
  }
  auto const number = ++last_number_;
  attempts_.emplace(number, attempt);
  auto const begin = lines_.put_bytes();
  put_request(go_method(call.method->name), std::move(*params), number);
  return begin + 1;
}

void go_link::beat() {
  auto const now = calls_->world().clock.now();
  // One that waits for its answer is enough: nothing is lost on the way.
  if (beat_number_ != 0 || now - heard_ < quiet_) return;
  beat_number_ = ++last_number_;
  put_request(std::string(beat_method), "[0]", beat_number_);
}

void go_link::close(std::string const& reason) noexcept {
  if (reason_.empty()) reason_ = reason;
  lines_.close();
}

void go_link::on_message(rpc_message const& message) {
  auto const is_reply = [](auto const& item) { return std::holds_alternative<rpc_reply>(item); };
  if (!std::ranges::all_of(message.items, is_reply))
    throw std::system_error(errc::protocol_error, "it did not answer in JSON-RPC 1.0");
  heard_ = calls_->world().clock.now();
  if (auto const alive = std::exchange(on_alive_, nullptr)) {
    lines_.limit_message(calls_->bounds().message_bytes);
    alive();
  }
  calls_->heard(*this);
  for (auto const& item : message.items) on_reply(std::get<rpc_reply>(item));
}

void go_link::on_reply(rpc_reply const& reply) {
  std::uint64_t number = 0;
  std::from_chars(reply.id_text.data(), reply.id_text.data() + reply.id_text.size(), number);
  if (number == beat_number_) {
    beat_number_ = 0;
    ++beats_heard;
  }
  auto const ended = attempts_.extract(number);
  if (!ended) return;
  if (reply.error) return calls_->faulted(ended.mapped(), *this, to_fault(*reply.error));
  call_reply answer;
  answer.codec = codec::json;
  answer.bytes = as_bytes(reply.result_text);
  answer.node = name;
  calls_->answered(ended.mapped(), *this, answer);
}

}  // namespace dist
