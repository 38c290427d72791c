#include "master/go_member.hpp"

#include <algorithm>
#include <charconv>
#include <dist/rpc/detail/spelling.hpp>

#include "values/json.hpp"

namespace dist {
namespace {

/// No node has it, and every answer proves life. The name says in a Go node's trace whose call it was.
constexpr std::string_view beat_method = "Dist.Beat";

/// The answer to the first beat is shorter; more than that is not kept of somebody who has shown nothing yet.
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
    // A caller of frames may have written anything.
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

go_member::go_member(std::unique_ptr<stream> over, std::shared_ptr<dispatcher> calls, duration heartbeat)
    : calls_(std::move(calls)),
      lines_(std::move(over), calls_->world(), calls_->bounds()),
      soon_(std::make_shared<mailbox>(calls_->world().io)),
      quiet_(heartbeat / 2) {}

go_member::~go_member() { soon_->close(); }

task<std::string> go_member::run(std::function<void()> on_alive) {
  on_alive_ = std::move(on_alive);
  std::string why = "its connection ended";
  stream_timer patience(calls_->world().clock, lines_.over());
  patience.arm(calls_->bounds().handshake, "it does not answer its first beat");
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

void go_member::put_request(std::string method, std::string params_text, std::uint64_t number) {
  rpc_request request;
  request.version = rpc_version::v1;
  request.method = std::move(method);
  request.params_text = std::move(params_text);
  request.id_text = std::to_string(number);
  lines_.put(write_request(request));
}

void go_member::send(placed_ptr const& call, lease held) {
  auto const number = ++last_number_;
  call->sent_at = calls_->world().clock.now();
  call->places.push_back({this, id_of(number)});
  table_.emplace(number, entry{call, std::move(held), lines_.put_bytes()});
  auto params = go_params(*call, calls_->bounds().depth);
  if (!params) {
    auto what = params.error();
    // Another kind of node may take what this one cannot be told.
    what.may = remedy::elsewhere;
    return refuse_soon(number, std::move(what));
  }
  put_request(go_method(call->method->name), std::move(*params), number);
}

void go_member::refuse_soon(std::uint64_t number, fault what) {
  soon_->post([this, number, what = std::move(what)] { refuse(number, what); });
}

void go_member::refuse(std::uint64_t number, fault what) {
  auto ended = table_.extract(number);
  if (!ended) return;
  auto& [call, held, begin] = ended.mapped();
  what.method = call->method->name;
  calls_->refused(*call, id_of(number), std::move(what), *this, std::move(held));
}

void go_member::abandon(call_id here) {
  if (auto const running = table_.find(key(here)); running != table_.end()) running->second.held.abandon();
}

void go_member::beat() {
  auto const now = calls_->world().clock.now();
  // One that waits for its answer is enough: nothing is lost on the way.
  if (beat_number_ != 0 || now - heard_ < quiet_) return;
  beat_number_ = ++last_number_;
  put_request(std::string(beat_method), "[0]", beat_number_);
}

void go_member::close(std::string const& reason) noexcept {
  if (reason_.empty()) reason_ = reason;
  lines_.close();
}

std::vector<member::under_way> go_member::in_flight() {
  std::vector<std::uint64_t> numbers;
  for (auto const& [number, one] : table_) numbers.push_back(number);
  std::ranges::sort(numbers);
  std::vector<under_way> calls;
  for (auto const number : numbers) {
    auto const& one = table_.at(number);
    calls.push_back({one.call, id_of(number), one.begin < lines_.sent_bytes()});
  }
  return calls;
}

void go_member::on_message(rpc_message const& message) {
  auto const is_reply = [](auto const& item) { return std::holds_alternative<rpc_reply>(item); };
  if (!std::ranges::all_of(message.items, is_reply))
    throw std::system_error(errc::protocol_error, "it does not answer in JSON-RPC 1.0");
  heard_ = calls_->world().clock.now();
  if (auto const alive = std::exchange(on_alive_, nullptr)) {
    lines_.limit_message(calls_->bounds().message_bytes);
    alive();
  }
  calls_->heard(*this);
  for (auto const& item : message.items) on_reply(std::get<rpc_reply>(item));
}

void go_member::on_reply(rpc_reply const& reply) {
  std::uint64_t number = 0;
  std::from_chars(reply.id_text.data(), reply.id_text.data() + reply.id_text.size(), number);
  if (number == beat_number_) {
    beat_number_ = 0;
    ++beats_heard;
  }
  auto const found = table_.find(number);
  if (found == table_.end()) return;
  if (reply.error) return refuse(number, to_fault(*reply.error));
  auto ended = table_.extract(found);
  auto& [call, held, begin] = ended.mapped();
  if (known_.insert(call->method_number).second) calls_->has_method(*this, call->method_number);
  call_reply answer;
  answer.codec = codec::json;
  answer.bytes = as_bytes(reply.result_text);
  answer.node = name;
  calls_->answered(*call, id_of(number), answer, *this, std::move(held));
}

}  // namespace dist
