#include "record/timeline.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <dist/rpc/detail/text.hpp>
#include <utility>

namespace dist {
namespace {

/// Rows for waiting calls. Beyond them only their number is shown.
constexpr std::uint32_t most_waiting_rows = 200;
constexpr std::size_t most_text_bytes = 500;

std::string quoted(std::string_view text) {
  return boost::json::serialize(boost::json::string(printable(text, most_text_bytes)));
}

}  // namespace

timeline::timeline(writer put, std::string_view waiting, time_point now) : put_(std::move(put)), begun_(now) {
  waiting_.pid = 1;
  put_name(waiting_, waiting);
}

std::int64_t timeline::microseconds(time_point at) const {
  return std::chrono::duration_cast<std::chrono::microseconds>(at - begun_).count();
}

void timeline::put_name(rows const& in, std::string_view name) {
  auto const pid = std::to_string(in.pid);
  put_("{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":" + pid + ",\"args\":{\"name\":" + quoted(name) + "}}");
  put_("{\"ph\":\"M\",\"name\":\"process_sort_index\",\"pid\":" + pid + ",\"args\":{\"sort_index\":" + pid + "}}");
}

timeline::rows& timeline::rows_of(std::string const& place) {
  auto& found = places_[place];
  if (!found) {
    found = std::make_unique<rows>();
    found->pid = static_cast<std::uint32_t>(places_.size() + 1);
    put_name(*found, place);
  }
  return *found;
}

std::uint32_t timeline::take_row(rows& in) {
  if (in.free.empty()) return ++in.made;
  auto const row = in.free.top();
  in.free.pop();
  return row;
}

timeline::under_way& timeline::of(call_record const& call) {
  auto& found = calls_[&call];
  if (found.number == 0) found.number = ++numbers_;
  return found;
}

void timeline::waits(call_record const& call, time_point now) {
  if (!put_) return;
  auto& one = of(call);
  if (one.waiting) return;
  auto const is_shown = !waiting_.free.empty() || waiting_.made < most_waiting_rows;
  one.waiting = stay{&waiting_, is_shown ? take_row(waiting_) : 0, now, 0};
}

void timeline::sent(call_record const& call, std::string const& place, time_point now) {
  if (!put_) return;
  auto& one = of(call);
  if (one.waiting) put_wait(call, one, "sent", now);
  auto& in = rows_of(place);
  one.places.push_back({&in, take_row(in), now, ++one.attempts});
}

void timeline::returned(call_record const& call, std::string const& place, outcome const& how, time_point now) {
  auto const found = calls_.find(&call);
  if (!put_ || found == calls_.end()) return;
  auto& one = found->second;
  auto const at = std::ranges::find(one.places, &rows_of(place), &stay::in);
  if (at == one.places.end()) return;
  auto const where = *at;
  one.places.erase(at);
  put_try(call, one, where, how, now);
  forget_if_over(call);
}

void timeline::ended(call_record const& call, std::string_view how, time_point now) {
  auto const found = calls_.find(&call);
  if (!put_ || found == calls_.end()) return;
  if (found->second.waiting) put_wait(call, found->second, how, now);
  found->second.over = true;
  forget_if_over(call);
}

void timeline::forget_if_over(call_record const& call) {
  auto const found = calls_.find(&call);
  if (found->second.over && found->second.places.empty()) calls_.erase(found);
}

std::string timeline::facts(call_record const& call, under_way const& one) {
  auto text = "\"call\":" + std::to_string(one.number) + ",\"method\":" + quoted(call.method->name);
  if (call.parent) text += ",\"nested\":true";
  if (call.options && call.options->traceparent) text += ",\"traceparent\":" + quoted(*call.options->traceparent);
  return text;
}

void timeline::put_wait(call_record const& call, under_way& one, std::string_view how, time_point now) {
  auto const where = *std::exchange(one.waiting, std::nullopt);
  one.waited += now - where.since;
  if (where.row == 0) return;
  put_slice(call.method->name, "waiting", where,
            facts(call, one) + ",\"then\":" + quoted(how) + ",\"attempt\":" + std::to_string(one.attempts + 1), now);
  waiting_.free.push(where.row);
}

void timeline::put_try(call_record const& call, under_way& one, stay const& where, outcome const& how, time_point now) {
  auto const is_good = how.text == "ok";
  auto text = facts(call, one) + ",\"outcome\":" + quoted(how.text) + ",\"attempt\":" + std::to_string(where.attempt);
  if (!how.node.empty()) text += ",\"node\":" + quoted(how.node);
  if (!how.why.empty()) text += ",\"why\":" + quoted(how.why);
  if (how.running_us != 0) text += ",\"ran_us\":" + std::to_string(how.running_us);
  text += ",\"waited_us\":" + std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(one.waited).count());
  auto const& name = call.method->name;
  put_slice(is_good ? name : name + ": " + std::string(how.text), is_good ? "call" : "call,failed", where, text, now);
  if (one.before && where.attempt > one.before->attempt) put_arrow(one, where);
  one.before = where;
  where.in->free.push(where.row);
}

/// From one attempt of a call to the next.
void timeline::put_arrow(under_way const& one, stay const& to) {
  auto const end = [&](char const* phase, stay const& at) {
    put_(std::string("{\"ph\":\"") + phase + "\",\"name\":\"retried\",\"cat\":\"again\",\"id\":\"" +
         std::to_string(one.number) + '.' + std::to_string(to.attempt) + "\",\"pid\":" + std::to_string(at.in->pid) +
         ",\"tid\":" + std::to_string(at.row) + ",\"ts\":" + std::to_string(microseconds(at.since)) + "}");
  };
  end("s", *one.before);
  end("f\",\"bp\":\"e", to);
}

void timeline::put_slice(std::string_view name, char const* category, stay const& where, std::string const& arguments,
                         time_point now) {
  auto const since = microseconds(where.since);
  put_("{\"ph\":\"X\",\"name\":" + quoted(name) + ",\"cat\":\"" + category + "\",\"pid\":" +
       std::to_string(where.in->pid) + ",\"tid\":" + std::to_string(where.row) + ",\"ts\":" + std::to_string(since) +
       ",\"dur\":" + std::to_string(microseconds(now) - since) + ",\"args\":{" + arguments + "}}");
}

void timeline::happened(std::string const& place, std::string_view what, time_point now) {
  if (!put_) return;
  auto const pid = std::to_string(rows_of(place).pid);
  put_("{\"ph\":\"i\",\"s\":\"p\",\"name\":" + quoted(what) + ",\"cat\":\"node\",\"pid\":" + pid +
       ",\"tid\":0,\"ts\":" + std::to_string(microseconds(now)) + "}");
}

void timeline::counted(std::size_t queued, std::uint64_t running, time_point now) {
  if (!put_) return;
  put_("{\"ph\":\"C\",\"name\":\"calls\",\"pid\":1,\"ts\":" + std::to_string(microseconds(now)) +
       ",\"args\":{\"queued\":" + std::to_string(queued) + ",\"running\":" + std::to_string(running) + "}}");
}

void timeline::close(time_point now) {
  if (!put_) return;
  for (auto& [call, one] : calls_) {
    if (one.waiting) put_wait(*call, one, "unfinished", now);
    for (auto const& where : one.places) put_try(*call, one, where, {"unfinished", {}, {}, 0}, now);
  }
  calls_.clear();
  put_ = nullptr;
}

}  // namespace dist
