#include "master/dist_member.hpp"

#include <algorithm>
#include <iterator>

#include "base/screen.hpp"
#include "call/no_room.hpp"
#include "process/node_text.hpp"
#include "wire/protocol_breach.hpp"

namespace dist {
namespace {

fault wrong_codec(call_record const& call, codec used, std::string const& node) {
  auto const name = [](codec which) { return which == codec::json ? std::string("JSON") : std::string("CBOR"); };
  auto what = make_fault(errc::bad_result, "the node answered in " + name(used) + " what was asked in " + name(call.codec));
  what.method = call.method->name;
  what.node = node;
  return what;
}

/// Of a call's wishes those that its node must know from the start.
buffer options_for_node(request_options const& wishes) {
  request_options told;
  told.traceparent = wishes.traceparent;
  buffer cbor;
  encode(told, cbor);
  return cbor;
}

}  // namespace

dist_member::dist_member(std::unique_ptr<connection> session, std::shared_ptr<dispatcher> calls, hello who,
                         node_logs& logs)
    : session_(std::move(session)),
      calls_(std::move(calls)),
      who_(std::move(who)),
      logs_(logs),
      nested_(*session_, calls_->book().shared_from_this(), *calls_, *this) {
  is_supervised = who_.predecessor.has_value();
}

dist_member::~dist_member() = default;

void dist_member::let_in() {
  for (std::size_t i = 0; i < who_.methods.size(); ++i)
    if (auto const number = calls_->number_of(who_.methods[i].name))
      numbers_.emplace(*number, static_cast<std::uint16_t>(i));
}

task<std::string> dist_member::run() {
  std::string why = "it left";
  try {
    co_await session_->run([this](frame& in) { on_frame(in); }, [this] { calls_->heard(*this); },
                           [this] { calls_->batch_ended(); });
  } catch (protocol_breach const& e) {
    broke_protocol_ = true;
    why = "its connection was ended: " + e.why();
  } catch (std::system_error const& e) {
    why = e.code() == asio::error::eof ? "its connection ended" : e.what();
  } catch (std::exception const& e) {
    why = e.what();
  }
  if (!goodbye_.empty()) why = goodbye_;
  co_return why;
}

std::uint16_t dist_member::wire_number(method_ref method) const {
  auto const found = numbers_.find(method);
  return found == numbers_.end() ? std::uint16_t{0xFFFF} : found->second;
}

bool dist_member::repeatable(placed_call const& call) const {
  auto const number = wire_number(call.method_number);
  return number < who_.methods.size() && who_.methods[number].repeatable;
}

void dist_member::send(placed_ptr const& call, lease held) {
  auto const here = table_.open({call, std::move(held)});
  call->places.push_back({this, here});
  frame_header header;
  header.kind = frame_kind::request;
  header.flags = static_cast<std::uint8_t>((call->reply_spelling == spelling::go ? frame_flags::go_spelling : 0) |
                                           (call->once ? frame_flags::once : 0) |
                                           (call->parent ? frame_flags::by_method : 0));
  header.codec = static_cast<std::uint8_t>(call->codec);
  header.method = wire_number(call->method_number);
  call->sent_at = calls_->world().clock.now();
  header.deadline_us = to_wire(call->deadline, call->sent_at);
  header.id = here;
  buffer prefix;
  if (call->options && call->options->traceparent) {
    header.flags |= frame_flags::options;
    put_prefix(prefix, header.flags, {{}, {}, options_for_node(*call->options).bytes(), 0});
  }
  auto const bytes = call->arguments.bytes();
  if (bytes.size() > outbox_copy_bytes)
    session_->out().put(header, prefix.bytes(), bytes, std::shared_ptr<void const>(call.get(), [call](void const*) {}));
  else
    session_->out().put(header, prefix.bytes(), bytes);
  table_.find(here)->frame = session_->out().last_begin();
}

void dist_member::abandon(call_id here) {
  auto* running = table_.find(here);
  if (!running) return;
  running->held.abandon();
  running->abandoned = true;
  frame_header header;
  header.kind = frame_kind::cancel;
  header.id = here;
  if (auto const& wishes = running->call->options; wishes && wishes->kill_after_us)
    header.deadline_us = patience_to_wire(*wishes->kill_after_us);
  session_->out().put(header);
  // Not left to the node: a plain method may not notice, a stopped process cannot. Their answers come to the node behind
  // the cancel frame, so that the method knows why.
  calls_->cancel_all(nested_.nested_of(here));
}

bool dist_member::nested_began(call_id parent, waits how) {
  auto* running = table_.find(parent);
  if (!running) return true;  // it has ended, and what it left behind goes on
  if (running->abandoned) return false;
  calls_->makes_calls(running->call->method_number);
  if (++running->nested > 1) return true;
  if (how == waits::suspended)
    running->held.give_back();
  else
    running->held.lend();
  return true;
}

void dist_member::nested_ended(call_id parent) {
  if (auto* running = table_.find(parent); running && --running->nested == 0) running->held.retake();
}

std::uint32_t dist_member::origin_of(call_id parent) {
  auto* running = table_.find(parent);
  return running ? running->call->origin : own_origin;
}

void dist_member::printed(std::string_view lines, bool is_shown) {
  auto const fit = logs_.add(name, lines);
  if (!is_shown) screen::standard_error().write_lines(named_lines(name, fit));
}

void dist_member::beat() {
  frame_header header;
  header.kind = frame_kind::beat;
  header.id.index = static_cast<std::uint32_t>(table_.size());
  session_->out().put(header);
}

void dist_member::drain() {
  frame_header header;
  header.kind = frame_kind::drain;
  session_->out().put(header);
}

void dist_member::close(std::string const& reason) noexcept {
  if (goodbye_.empty()) goodbye_ = reason;
  // A request that was not written by now goes elsewhere: it must not follow.
  auto const written = session_->out().written_bytes();
  auto all_written = true;
  table_.for_each([&](call_id, entry const& one) { all_written = all_written && one.frame <= written; });
  if (!all_written) return session_->close();
  frame_header header;
  header.kind = frame_kind::goodbye;
  session_->out().put(header, as_bytes(reason));
  session_->close_when_written();
}

std::vector<member::under_way> dist_member::in_flight() {
  std::vector<std::pair<call_id, entry*>> entries;
  table_.for_each([&](call_id here, entry& one) { entries.emplace_back(here, &one); });
  std::ranges::sort(entries, {}, [](auto const& one) { return one.second->frame; });
  auto const last_written = session_->out().written_bytes();
  std::vector<under_way> calls;
  calls.reserve(entries.size());
  for (auto const& [here, one] : entries) calls.push_back({one->call, here, one->frame <= last_written, one->nested > 0});
  return calls;
}

std::vector<call_ptr> dist_member::nested_calls() {
  std::vector<call_ptr> calls;
  table_.for_each([&](call_id parent, entry& one) {
    if (one.nested > 0 && !one.abandoned) std::ranges::move(nested_.nested_of(parent), std::back_inserter(calls));
  });
  return calls;
}

void dist_member::on_frame(frame& in) {
  switch (in.header().kind) {
    case frame_kind::reply: return on_reply(in);
    case frame_kind::fault: return on_fault(in);
    case frame_kind::request:
      // Its parent's slot is the nested call's first, and only then anybody's.
      nested_.on_request(in);
      return calls_->slot_freed();
    case frame_kind::cancel: return nested_.on_cancel(in.header().id);
    case frame_kind::beat: ++beats_heard; return;
    case frame_kind::drain:
      // Our own drain frame says that no request comes behind it: then the node may go.
      calls_->drain(*this);
      return drain();
    case frame_kind::goodbye:
      said_goodbye_ = true;
      goodbye_ = "it left: " + std::string(as_text(in.bytes()));
      return session_->close();
    case frame_kind::challenge:
    case frame_kind::hello:
    case frame_kind::welcome: throw protocol_breach("a handshake frame after the handshake");
  }
}

void dist_member::on_reply(frame& in) {
  auto ended = table_.close(in.header().id);
  if (!ended) return;
  if (in.is_dropped()) return refuse_large(*ended->call, in.header(), std::move(ended->held));
  auto reply = call_reply::of(in);
  reply.node = name;
  auto const here = in.header().id;
  if (reply.codec != ended->call->codec)
    return calls_->refused(*ended->call, here, wrong_codec(*ended->call, reply.codec, name), *this,
                           std::move(ended->held), reply.running_us);
  calls_->answered(*ended->call, here, reply, *this, std::move(ended->held));
}

/// Its method has run, and its answer was too large to be held here: that is not the node's fault.
void dist_member::refuse_large(placed_call& call, frame_header const& header, lease held) {
  auto what = no_room("the result", header.payload_bytes, session_->memory(), progress::executed);
  calls_->refused(call, header.id, std::move(what), *this, std::move(held), header.deadline_us);
}

void dist_member::on_fault(frame& in) {
  auto ended = table_.close(in.header().id);
  if (!ended) return;
  if (in.is_dropped()) return refuse_large(*ended->call, in.header(), std::move(ended->held));
  auto what = get_fault(in.bytes(), calls_->bounds().depth);
  what.method = ended->call->method->name;
  calls_->refused(*ended->call, in.header().id, std::move(what), *this, std::move(ended->held),
                  in.header().deadline_us);
}

}  // namespace dist
