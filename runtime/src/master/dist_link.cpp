#include "master/dist_link.hpp"

#include "base/terminal.hpp"
#include "call/no_room.hpp"
#include "process/node_text.hpp"
#include "wire/protocol_breach.hpp"

namespace dist {
namespace {

/// On the wire: of a method that the node has not listed.
constexpr std::uint16_t no_number = 0xFFFF;

/// Of the options of a call those that its node must know from the start.
buffer options_for_node(request_options const& options) {
  request_options told;
  told.traceparent = options.traceparent;
  buffer cbor;
  encode(told, cbor);
  return cbor;
}

}  // namespace

dist_link::dist_link(std::unique_ptr<connection> session, std::shared_ptr<dispatcher> calls, hello who,
                         node_logs& logs)
    : session_(std::move(session)),
      calls_(std::move(calls)),
      who_(std::move(who)),
      logs_(logs),
      nested_(*session_, calls_->book().shared_from_this(), calls_->directory(), *this) {
  is_supervised = who_.predecessor.has_value();
}

dist_link::~dist_link() = default;

void dist_link::let_in() {
  for (std::size_t i = 0; i < who_.methods.size(); ++i) {
    auto const number = calls_->nodes().find_method(who_.methods[i].name);
    if (!number) continue;
    auto const index = static_cast<std::size_t>(*number);
    if (index >= numbers_.size()) numbers_.resize(index + 1, no_number);
    // Of a method that is listed twice the first counts.
    if (numbers_[index] == no_number) numbers_[index] = static_cast<std::uint16_t>(i);
  }
}

task<std::string> dist_link::run() {
  std::string why = "it left";
  try {
    co_await session_->run([this](frame& in) { on_frame(in); }, [this] { calls_->heard(*this); },
                           [this] { calls_->batch_ended(); });
  } catch (protocol_breach const& e) {
    broke_protocol_ = true;
    why = "its connection was closed: " + e.why();
  } catch (std::system_error const& e) {
    why = e.code() == asio::error::eof ? "its connection ended" : e.what();
  } catch (std::exception const& e) {
    why = e.what();
  }
  if (!goodbye_.empty()) why = goodbye_;
  co_return why;
}

std::uint64_t dist_link::send(call_id attempt, placed_call& call, time_point now, std::optional<fault>&) {
  auto const method = static_cast<std::size_t>(call.method_number);
  frame_header header;
  header.kind = frame_kind::request;
  header.flags = static_cast<std::uint8_t>((call.reply_spelling == spelling::go ? frame_flags::go_spelling : 0) |
                                           (call.once ? frame_flags::once : 0) |
                                           (call.parent ? frame_flags::by_method : 0));
  header.codec = static_cast<std::uint8_t>(call.codec);
  header.method = method < numbers_.size() ? numbers_[method] : no_number;
  if (!call.deadline.is_never()) header.deadline_us = to_wire(call.deadline, now);
  header.id = attempt;
  buffer prefix;
  if (call.options && call.options->traceparent) {
    header.flags |= frame_flags::options;
    put_prefix(prefix, header.flags, {{}, {}, options_for_node(*call.options).bytes(), 0});
  }
  auto const bytes = call.arguments.bytes();
  if (bytes.size() > outbox_copy_bytes)
    session_->out().put(header, prefix.bytes(), bytes,
                        std::shared_ptr<void const>(&call, [keep = call_ptr(&call)](void const*) {}));
  else
    session_->out().put(header, prefix.bytes(), bytes);
  return last_request_ = session_->out().last_begin() + 1;
}

std::uint64_t dist_link::written() const noexcept { return session_->out().written_bytes() + 1; }

void dist_link::cancel(call_id attempt, std::uint32_t kill_after_us) {
  frame_header header;
  header.kind = frame_kind::cancel;
  header.id = attempt;
  header.deadline_us = kill_after_us;
  session_->out().put(header);
}

void dist_link::printed(std::string_view lines, bool is_shown) {
  auto const fit = logs_.add(name, lines);
  if (!is_shown) terminal::standard_error().write_lines(named_lines(name, fit));
}

void dist_link::beat(std::size_t in_flight) {
  frame_header header;
  header.kind = frame_kind::beat;
  header.id.index = static_cast<std::uint32_t>(in_flight);
  session_->out().put(header);
}

void dist_link::drain() {
  frame_header header;
  header.kind = frame_kind::drain;
  session_->out().put(header);
}

void dist_link::close(std::string const& reason) noexcept {
  if (goodbye_.empty()) goodbye_ = reason;
  // A request that is not written by now goes elsewhere: it must not be sent.
  if (last_request_ > written()) return session_->close();
  frame_header header;
  header.kind = frame_kind::goodbye;
  session_->out().put(header, as_bytes(reason));
  session_->close_when_written();
}

void dist_link::on_frame(frame& in) {
  switch (in.header().kind) {
    case frame_kind::reply: return on_reply(in);
    case frame_kind::fault: return on_fault(in);
    case frame_kind::request:
      return nested_.on_request(in);
    case frame_kind::cancel: return nested_.on_cancel(in.header().id);
    case frame_kind::beat: ++beats_heard; return;
    case frame_kind::drain:
      // Our own drain frame means that no request follows: then the node may leave.
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

void dist_link::on_reply(frame& in) {
  if (in.is_dropped()) return refuse_large(in.header());
  auto reply = call_reply::of(in);
  reply.node = name;
  calls_->answered(in.header().id, *this, reply);
}

/// Its method has run, and its answer was too large to be held here: that is not the node's fault.
void dist_link::refuse_large(frame_header const& header) {
  calls_->faulted(header.id, *this, no_room("the result", header.payload_bytes, session_->memory(), progress::executed),
                  header.deadline_us);
}

void dist_link::on_fault(frame& in) {
  if (in.is_dropped()) return refuse_large(in.header());
  calls_->faulted(in.header().id, *this, get_fault(in.bytes(), calls_->bounds().depth), in.header().deadline_us);
}

}  // namespace dist
