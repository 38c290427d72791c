#include <dist/runtime/detail/shards.hpp>

#include <algorithm>
#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>
#include <dist/rpc/detail/freelist.hpp>
#include <stdexcept>

#include "journal/journalled_work.hpp"

namespace dist {
namespace {

/// Only one shard in this many gets a start time: the others need no exact one.
constexpr std::size_t marked_shards = 256;
/// Then connections and timers get their turn.
constexpr std::size_t most_replayed = 4096;
constexpr std::size_t most_text_bytes = 100;
/// Larger ones are not turned into text for the sake of the first hundred bytes.
constexpr std::size_t most_shown_bytes = 16 * 1024;

}  // namespace

class shards::waiter final : public call_waiter, public from_freelist<waiter> {
 public:
  waiter(lifetime<shards>::weak to, call_id id) : to_(std::move(to)), id_(id) {}
  void on_reply(call_record const& call, call_reply const& reply) noexcept override {
    if (auto* const owner = to_.get()) owner->came(id_, call, reply);
  }

 private:
  lifetime<shards>::weak to_;
  call_id id_;
};

shards::shards(fan_out_plan plan)
    : plan_(std::move(plan)),
      window_(plan_.how.window_count()),
      window_bytes_(plan_.how.most_window_bytes()),
      reorder_bytes_(plan_.how.reorder_bytes()),
      in_order_(plan_.how.is_in_order()),
      total_(plan_.inputs->total()),
      watch_(plan_.on.core(), plan_.how, std::string(plan_.name) + " of " + plan_.method->name, total_,
             [this] { changed_.set(); }) {
  open_journal();
  say_early();
}

shards::~shards() {
  self_.end();
  if (question_) plan_.on.caller().cancel(question_);
  for (auto const& one : running_.close_all()) plan_.on.caller().cancel(one.call);
}

bool shards::fill() {
  if (replayed_ >= most_replayed) return false;
  while (has_room() && has_input() && journal_allows_next()) {
    try {
      start_next();
    } catch (...) {
      if (!keep_input_error()) throw;
    }
  }
  watch_.rethrow();
  if (first_fault_) throw call_error(*first_fault_);
  if (!said_held_up_ && waiting_bytes_ >= reorder_bytes_) say_if_held_up();
  return has_result();
}

bool shards::has_input() {
  if (input_error_) return false;
  try {
    auto const at_end = plan_.inputs->is_at_end();
    if (at_end && journal_) journal_->end_inputs(started_);
    return !at_end;
  } catch (...) {
    if (!keep_input_error()) throw;
    return false;
  }
}

bool shards::keep_input_error() {
  if (!plan_.hands_out_first) return false;
  input_error_ = std::current_exception();
  return true;
}

task<bool> shards::ready() {
  while (!fill()) {
    if (std::exchange(replayed_, 0) >= most_replayed) {
      auto turn = asio::post(plan_.on.get_executor(), asio::use_awaitable);
      co_await std::move(turn);
      continue;
    }
    if (is_done()) {
      if (input_error_) std::rethrow_exception(input_error_);
      co_return false;
    }
    co_await changed_.wait();
  }
  co_return true;
}

void shards::start_next() {
  auto& calls = plan_.on.caller();
  auto call = plan_.on.make_call(*plan_.method, plan_.how.options());
  plan_.inputs->encode_next(*call);
  auto const number = started_++;
  if (in_order_) {
    results_.push_back({{}, number});
    if (number % marked_shards == 0) marks_.emplace_back(number, calls.world().clock.now());
  }
  was_replayed_ = replay(number, *call);
  if (was_replayed_) return;
  argument_bytes_ += last_bytes_ = call->arguments.size();
  auto const id = running_.open({number, call, last_bytes_});
  calls.start(call);
  calls.await(std::move(call), std::make_unique<waiter>(self_.ref(), id));
}

void shards::open_journal() {
  auto* const journal = plan_.on.core()->journal();
  if (!journal || !plan_.types) return;
  journalled_plan about{plan_.how.label(), plan_.method->name, plan_.types(), plan_.version, total_, plan_.ends_at_first};
  journal_ = std::make_unique<journalled_work>(*journal, std::move(about), plan_.on.caller(), [this] { changed_.set(); });
}

bool shards::journal_allows_next() {
  if (!journal_) return true;
  // Those who take results in order take them at once: no need to pile them up.
  if (in_order_ && was_replayed_ && has_result()) return false;
  return journal_->is_ready(started_) && !journal_->is_behind();
}

bool shards::replay(std::size_t number, call_record const& call) {
  if (!journal_ || !call.early_problem.empty()) return false;
  auto const recorded = journal_->take_recorded(number, call);
  if (!recorded) return false;
  call_reply reply;
  reply.codec = recorded->codec;
  reply.bytes = recorded->result.bytes();
  keep(number, kept_reply(*plan_.method, reply));
  if (plan_.names_nodes && !recorded->node.empty()) nodes_.emplace(number, recorded->node);
  ++replayed_;
  return true;
}

void shards::keep(std::size_t number, kept_reply kept) {
  watch_.ended(kept.failed() != nullptr);
  waiting_bytes_ += kept.memory_bytes() + sizeof(slot) - sizeof(kept);
  if (in_order_)
    results_[number - taken_].reply = std::move(kept);
  else
    results_.push_back({std::move(kept), number});
}

void shards::came(call_id id, call_record const& call, call_reply const& reply) {
  auto const closed = running_.close(id);
  auto const number = closed->number;
  argument_bytes_ -= closed->argument_bytes;
  kept_reply kept(*plan_.method, reply);
  if (auto const* const failed = kept.failed()) {
    if (plan_.names_inputs) failed_inputs_.emplace(number, input_text(call));
    if (plan_.faults == on_fault::stop && !first_fault_) {
      first_fault_ = *failed;
      first_fault_->message += " (input " + std::to_string(number) + ": " + input_text(call) + ")";
    }
    if (failed->code == errc::stopped) watch_.stop();
  }
  if (plan_.names_nodes && !reply.node.empty()) nodes_.emplace(number, reply.node);
  auto const asks = std::exchange(asks_again_, false) && !kept.failed();
  if (journal_) {
    auto outcome = kept.view();
    outcome.node = reply.node;
    outcome.running_us = reply.running_us;
    journal_->record(number, call, outcome);
  }
  keep(number, std::move(kept));
  changed_.set();
  // This may log, and a log handler may end the fan-out.
  if (asks) ask_for_nodes(call);
}

shards::slot shards::take_next() {
  auto taken = std::move(results_.front());
  results_.pop_front();
  ++taken_;
  if (journal_) journal_->taken(taken.number);
  waiting_bytes_ -= taken.reply.memory_bytes() + sizeof(slot) - sizeof(kept_reply);
  while (marks_.size() > 1 && marks_[1].first <= taken_) marks_.pop_front();
  return taken;
}

std::string shards::take_input(std::size_t number) {
  auto const found = failed_inputs_.extract(number);
  return found ? std::move(found.mapped()) : std::string();
}

std::string shards::take_node(std::size_t number) {
  auto const found = nodes_.extract(number);
  return found ? std::move(found.mapped()) : std::string();
}

void shards::say_if_held_up() {
  call_ptr oldest;
  running_.for_each([&](call_id, running const& one) {
    if (one.number == taken_) oldest = one.call;
  });
  if (!in_order_ || !oldest || !has_input()) return;
  said_held_up_ = true;
  auto& calls = plan_.on.caller();
  auto const node = calls.place_of(*oldest);
  auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(calls.world().clock.now() - marks_.front().second);
  calls.world().log.warn(std::string(plan_.name) + " of " + plan_.method->name + ": " + size_text(waiting_bytes_) +
                         " of results are held until item " + std::to_string(taken_) + " is done, which has run for " +
                         std::to_string(seconds.count()) + " s" + (node.empty() ? "" : " on node " + node) +
                         "; no new shard starts until then (fan_out().reorder)");
}

void shards::say_early() {
  auto const& calls = plan_.on.caller();
  auto& core = *plan_.on.core();
  auto const like = plan_.on.make_call(*plan_.method, plan_.how.options());
  // A fan-out inside a method is not reported: every node would log it.
  if (like->parent || calls.is_stopped() || !calls.world().log.wants(log_level::warn)) return;
  auto const& method = plan_.method->name;
  if (plan_.runs_once && !like->once)
    core.warn_once(
        method,
        method + ' ' + plan_.runs_once + ": a call lost with its node fails the job, this " + plan_.name +
            "; make it const if it may safely run twice, or use try_map or collect to see which calls were lost");
  auto const has_needs = like->options && !like->options->needs.empty();
  if (plan_.is_spread && (total_ || has_needs) && !core.has_warned(plan_.name + method)) ask_for_nodes(*like);
}

void shards::ask_for_nodes(call_record const& like) {
  auto const weak = self_.ref();
  auto const on = plan_.on;
  auto question = on.core()->nodes().list_nodes(like, [weak](result<std::vector<listed_node>> const& nodes) {
    if (auto* const self = weak.get()) self->judge_slots(nodes);
  });
  if (weak.get())
    question_ = std::move(question);
  else if (question)
    on.caller().cancel(question);
}

void shards::judge_slots(result<std::vector<listed_node>> const& nodes) {
  // Log last: the log handler may end the fan-out.
  auto const core = plan_.on.core();
  auto const& method = plan_.method->name;
  if (nodes.has_error()) {
    auto const none = nodes.error().code == errc::no_node;
    asks_again_ = total_ && none;
    // A master logs that itself, for every call.
    if (question_ && none)
      core->warn_once(method + nodes.error().message, nodes.error().message + ": calls of " + method + " wait for one");
    return;
  }
  if (!total_) return;
  std::uint64_t slots = 0;
  for (auto const& one : *nodes) slots += one.slots;
  if (auto const line = idle_slots_text(*total_, plan_.inputs->noun(), slots); !line.empty())
    core->warn_once(plan_.name + method, std::string(plan_.name) + " of " + method + ": " + line);
}

std::string idle_slots_text(std::size_t inputs, char const* noun, std::uint64_t slots) {
  // A few idle slots do not matter, and neither does an empty fan-out.
  if (inputs == 0 || inputs > slots / 2) return {};
  return std::to_string(inputs) + ' ' + noun + " for " + std::to_string(slots) +
         " slots: " + std::to_string(slots - inputs) + " are idle; smaller " + noun + " would use them";
}

std::string input_text(call_record const& call) {
  auto const bytes = call.arguments.bytes();
  buffer json;
  if (call.codec != codec::cbor || bytes.size() > most_shown_bytes ||
      !transcode(call.codec, bytes, written_depth, codec::json, json).empty())
    return size_text(bytes.size());
  auto text = std::string(json.text());
  // A single argument is shown without the brackets of the list.
  cbor_reader reader(bytes, written_depth);
  cbor_reader::frame list;
  if (reader.begin_list(list) && list.count == 1) text = text.substr(1, text.size() - 2);
  if (text.size() <= most_text_bytes) return text;
  auto end = most_text_bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

void refuse_max_failures(char const* name, fan_out const& how) {
  if (how.failures())
    throw std::invalid_argument(std::string("max_failures is for dist::collect: ") + name +
                                " cannot report which inputs its result lacks");
}

std::string size_text(std::size_t bytes) {
  constexpr std::size_t mega = std::size_t{1} << 20;
  if (bytes >= mega) return std::to_string(bytes / mega) + " MB";
  if (bytes >= 10'000) return std::to_string(bytes / 1024) + " kB";
  return std::to_string(bytes) + " bytes";
}

}  // namespace dist
