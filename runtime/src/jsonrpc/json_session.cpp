#include "jsonrpc/json_session.hpp"

#include <utility>

#include "call/no_room.hpp"

namespace dist {

std::string write_bounded(rpc_request const& request, std::string_view result_text, std::size_t held,
                          std::size_t outbox_limit, memory_budget const* memory) {
  if (auto const refused = refuse_answer(result_text.size(), held, outbox_limit, memory))
    return write_error(request, *refused);
  try {
    return write_reply(request, result_text);
  } catch (std::bad_alloc const&) {
    return write_error(request, no_room("its result", result_text.size(), memory, progress::executed));
  }
}

json_session::json_session(std::unique_ptr<stream> over, seams const& world, limits const& bounds)
    : limits_(bounds), lines_(std::move(over), world, bounds), kept_(world.memory) {}

task<void> json_session::run(handler on_request, peer_end end) {
  json_stream::handler on_message = [this, on_request = std::move(on_request)](rpc_message message) {
    this->on_message(std::move(message), on_request);
  };
  json_stream::end_handler on_end;
  if (end == peer_end::waits)
    on_end = [this] {
      finishing_ = true;
      end_if_done();
    };
  std::exception_ptr failed;
  try {
    co_await lines_.run(std::move(on_message), std::move(on_end));
  } catch (...) {
    failed = std::current_exception();
  }
  requests_.close_all();
  if (failed) std::rethrow_exception(failed);
}

void json_session::on_message(rpc_message message, handler const& on_request) {
  std::shared_ptr<rpc_answers> in;
  if (message.batch) in = std::make_shared<rpc_answers>(message.items.size());
  for (std::size_t place = 0; place < message.items.size(); ++place) {
    auto const& item = message.items[place];
    if (auto const* request = std::get_if<rpc_request>(&item))
      this->on_request(*request, in, place, on_request);
    else if (auto const* invalid = std::get_if<rpc_invalid>(&item))
      deliver(in, place, write_error(*invalid));
    else
      deliver(in, place, {});  // a reply: nothing was asked here
  }
}

void json_session::on_request(rpc_request const& request, std::shared_ptr<rpc_answers> in, std::size_t place,
                              handler const& on_request) {
  rpc_request kept;
  kept.version = request.version;
  kept.id_text = request.id_text;
  kept.method = request.method;
  auto const full = requests_.size() >= limits_.calls_per_connection;
  auto const id = requests_.open({std::move(kept), std::move(in), place});
  if (!full) return on_request(id, request);
  refuse(id, make_fault(errc::overloaded, "the limit (calls_per_connection) of " +
                                              std::to_string(limits_.calls_per_connection) +
                                              " calls in flight is reached"));
}

void json_session::deliver(std::shared_ptr<rpc_answers> const& in, std::size_t place, std::string text) {
  if (!in) {
    if (!text.empty()) lines_.put(std::move(text));
    return;
  }
  kept_.add(text.size());
  if (!in->put(place, std::move(text))) return;
  kept_.remove(in->bytes());
  lines_.put_batch(in->take());
}

void json_session::answer(call_id id, std::string_view result_text) {
  auto const one = requests_.close(id);
  if (!one) return;
  std::string text;
  if (!one->request.is_notification())
    text = write_bounded(one->request, result_text, lines_.held_bytes() + kept_.bytes(), limits_.outbox_bytes,
                         lines_.memory());
  deliver(one->in, one->place, std::move(text));
  end_if_done();
}

void json_session::refuse(call_id id, fault const& what) {
  auto const one = requests_.close(id);
  if (!one) return;
  deliver(one->in, one->place, one->request.is_notification() ? std::string() : write_error(one->request, what));
  end_if_done();
}

void json_session::finish() noexcept {
  finishing_ = true;
  lines_.stop_reading();
  end_if_done();
}

void json_session::end_if_done() noexcept {
  if (finishing_ && requests_.empty()) lines_.close_when_written();
}

}  // namespace dist
