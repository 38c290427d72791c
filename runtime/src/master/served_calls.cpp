#include "master/served_calls.hpp"

#include <dist/rpc/detail/text.hpp>

#include "call/no_room.hpp"
#include "wire/hello.hpp"
#include "wire/protocol_breach.hpp"

namespace dist {

namespace {

/// Most waits at once; each costs the master an entry of a list.
constexpr std::size_t most_node_waits = 1000;

}  // namespace

served_calls::served_calls(connection& peer, std::shared_ptr<call_book> on, node_directory& nodes,
                           nested_parents* parents, std::uint32_t origin)
    : peer_(peer),
      on_(std::move(on)),
      nodes_(nodes),
      parents_(parents),
      origin_(origin),
      arguments_(peer.memory()),
      calls_(on_, [this](std::uint64_t number, call_record const& call, call_reply const& reply) {
        answer(to_call_id(number), call, reply);
      }) {}

served_calls::~served_calls() { self_.end(); }

void served_calls::refuse(call_id id, fault what) { put_fault(peer_.out(), id, what); }

void served_calls::on_request(frame& request) {
  auto const header = request.header();
  if (request.is_dropped())
    return refuse(header.id, no_room("a request", header.payload_bytes, peer_.memory(), progress::not_started));
  request_prefix prefix;
  // An error in one request fails only that request: the frames after it are still valid.
  if (auto const problem = get_prefix(request.bytes(), header.flags, prefix); !problem.empty())
    return refuse(header.id, make_fault(errc::bad_arguments, problem));
  if (prefix.method.empty())
    return refuse(header.id, make_fault(errc::unknown_method, "a request to a master must name its method"));
  own_request const own{header.id, static_cast<codec>(header.codec), request.bytes().subspan(prefix.bytes)};
  if (prefix.method == wait_for_nodes_method) return wait_for_nodes(own);
  if (prefix.method == list_nodes_method) return list_nodes(own);
  if (prefix.method == show_text_method && parents_) return show_text(own);
  if (prefix.method == show_progress_method && !parents_) return show_progress(own);
  if (calls_.size() >= on_->bounds().calls_per_connection)
    return refuse(header.id, make_fault(errc::overloaded, "the limit (calls_per_connection) of " +
                                                              std::to_string(on_->bounds().calls_per_connection) +
                                                              " calls in flight is reached"));
  if (cancelled()) return refuse(header.id, make_fault(errc::cancelled, cancelled_));
  auto const arguments = request.bytes().subspan(prefix.bytes);
  if (!arguments_.has_room_for_request(arguments.size()))
    return refuse(header.id, no_room("a request", arguments.size(), peer_.memory(), progress::not_started));
  auto const call = on_->make_call();
  auto method = std::make_shared<method_key>();
  method->name = prefix.method;
  method->repeatable = header.method & repeatable_by_type;
  call->again = header.flags & frame_flags::again;
  call->method = method.get();
  call->own_method = std::move(method);
  call->codec = static_cast<codec>(header.codec);
  call->reply_spelling = header.flags & frame_flags::go_spelling ? spelling::go : spelling::declared;
  call->once = header.flags & frame_flags::once;
  call->deadline = deadline_from_wire(header.deadline_us, on_->world().clock.now());
  if (!prefix.options.empty()) {
    auto options = std::make_shared<request_options>();
    if (auto const problem = decode(prefix.options, *options); !problem.empty())
      return refuse(header.id, make_fault(errc::bad_arguments, problem));
    call->set_options(std::move(options));
  }
  call->origin = origin_;
  call->arguments.append(arguments);
  if (header.flags & frame_flags::nested) {
    if (!parents_)
      return refuse(header.id, make_fault(errc::bad_arguments, "a nested call of a peer that runs no methods"));
    call->parent = prefix.parent;
    call->parent_blocks = header.flags & frame_flags::blocks;
    call->origin = parents_->origin_of(prefix.parent);
  }
  // Before it starts: it may end at once.
  arguments_.add(call->arguments.size());
  if (!calls_.start(to_number(header.id), call))
    throw protocol_breach("a request with a call id that is already in use: " + std::to_string(header.id.index) + "/" +
                          std::to_string(header.id.generation));
}

template <class Arguments>
bool served_calls::read(own_request const& asked, Arguments& into) {
  value_store store;
  auto const problem = decode_arguments(asked.as, asked.arguments, on_->bounds().depth, into, store);
  if (!problem.empty()) refuse(asked.id, make_fault(errc::bad_arguments, problem));
  return problem.empty();
}

void served_calls::wait_for_nodes(own_request const& asked) {
  std::tuple<std::uint64_t> count;
  if (!read(asked, count)) return;
  if (node_waits_.size() >= most_node_waits)
    return refuse(asked.id,
                  make_fault(errc::overloaded, "the limit of " + std::to_string(most_node_waits) +
                                                   " concurrent waits for nodes on one connection is reached"));
  auto const number = to_number(asked.id);
  if (!node_waits_.try_emplace(number).second)
    throw protocol_breach("a request with a call id that is already in use: " + std::to_string(asked.id.index) + "/" +
                          std::to_string(asked.id.generation));
  auto wait = nodes_.when_nodes(static_cast<std::size_t>(std::get<0>(count)),
                                [weak = self_.ref(), id = asked.id, as = asked.as](auto failed) {
    auto* const to = weak.get();
    if (!to || to->node_waits_.erase(to_number(id)) == 0) return;
    failed ? to->refuse(id, *failed) : to->answer_nothing(id, as);
  });
  if (wait) node_waits_[number] = std::move(wait);
}

void served_calls::show_text(own_request const& asked) {
  std::tuple<std::string, bool> given;
  if (!read(asked, given)) return;
  parents_->printed(std::get<0>(given), std::get<1>(given));
  answer_nothing(asked.id, asked.as);
}

void served_calls::show_progress(own_request const& asked) {
  std::tuple<std::vector<fan_out_report>> given;
  if (!read(asked, given)) return;
  fan_outs_ = std::move(std::get<0>(given));
  if (fan_outs_.size() > most_fan_outs) fan_outs_.resize(most_fan_outs);
  for (auto& one : fan_outs_) one.name = printable(one.name, most_name_bytes);
  answer_nothing(asked.id, asked.as);
}

void served_calls::answer_nothing(call_id id, codec as) {
  buffer nothing;
  encode_void(as, spelling::declared, nothing);
  answer_own(id, as, nothing);
}

void served_calls::answer_own(call_id id, codec as, buffer const& value) {
  frame_header header;
  header.kind = frame_kind::reply;
  header.codec = static_cast<std::uint8_t>(as);
  header.id = id;
  peer_.out().put(header, value.bytes());
}

void served_calls::list_nodes(own_request const& asked) {
  std::tuple<std::string, std::vector<std::string>> given;
  if (!read(asked, given)) return;
  auto const like = on_->make_call();
  method_key const method{std::get<0>(given), false, nullptr};
  like->method = &method;
  auto options = std::make_shared<request_options>();
  options->needs = std::move(std::get<1>(given));
  like->set_options(std::move(options));
  nodes_.list_nodes(*like, [weak = self_.ref(), id = asked.id, as = asked.as](result<std::vector<listed_node>> const& nodes) {
    auto* const to = weak.get();
    if (!to) return;
    if (nodes.has_error()) return to->refuse(id, nodes.error());
    buffer list;
    encode_result(as, spelling::declared, list, *nodes);
    to->answer_own(id, as, list);
  });
}

void served_calls::cancel_all(std::string why) {
  cancelled_ = std::move(why);
  calls_.cancel_all();
}

void served_calls::on_cancel(call_id id) {
  if (node_waits_.erase(to_number(id)) > 0) return refuse(id, make_fault(errc::cancelled, ""));
  calls_.cancel(to_number(id));
}

void served_calls::answer(call_id id, call_record const& call, call_reply const& reply) {
  ++answered_;
  arguments_.remove(call.arguments.size());
  if (reply.failed && cancelled() && reply.failed->code == errc::cancelled) {
    auto what = *reply.failed;
    what.message = cancelled_;
    return put_fault(peer_.out(), id, what);
  }
  if (reply.failed) return put_fault(peer_.out(), id, *reply.failed);
  auto const bytes = reply.bytes.size();
  auto const held = peer_.out().held_bytes();
  if (auto refused = refuse_answer(bytes, held, on_->bounds().outbox_bytes, peer_.memory()))
    return refuse(id, std::move(*refused));
  frame_header header;
  header.kind = frame_kind::reply;
  header.codec = static_cast<std::uint8_t>(reply.codec);
  header.deadline_us = reply.running_us;
  header.id = id;
  if (!reply.source || bytes <= outbox_copy_bytes) return peer_.out().put(header, reply.bytes);
  auto const kept = std::make_shared<payload const>(reply.source->take());
  peer_.out().put(header, {}, kept->bytes(), kept);
}

}  // namespace dist
