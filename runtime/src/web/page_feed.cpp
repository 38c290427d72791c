#include "web/page_feed.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <dist/rpc/detail/text.hpp>
#include <map>

#include "base/duration_text.hpp"

namespace dist {
namespace {

constexpr std::size_t most_text_bytes = 500;

/// JSON is UTF-8, and texts of peers need not be.
std::string shown(std::string_view text) { return printable(text, most_text_bytes); }

/// To a thousandth.
double fine_ms(duration time) {
  return static_cast<double>(std::chrono::duration_cast<std::chrono::microseconds>(time).count()) / 1000;
}

char const* to_text(past how) noexcept {
  switch (how) {
    case past::answered: return "ok";
    case past::failed: return "failed";
    case past::lost: break;
  }
  return "lost";
}

template <class List, class Make>
void put_list(std::string& text, char const* name, List const& list, Make const& make) {
  text.append(",\"").append(name).append("\":[");
  auto first = true;
  for (auto const& one : list) {
    if (!std::exchange(first, false)) text += ',';
    text += boost::json::serialize(make(one));
  }
  text += ']';
}

}  // namespace

void page_feed::sample(time_point now) {
  measured made;
  made.at = now;
  histogram all;
  for (auto const& method : calls_.record().counted().methods()) {
    if (!method) continue;
    all += method->took;
    made.ok += method->ended[0];
    for (std::size_t code = 1; code < method->ended.size(); ++code) made.failed += method->ended[code];
  }
  auto const fresh = all.since(took_);
  took_ = all;
  made.p50_us = fresh.quantile(0.5);
  made.p99_us = fresh.quantile(0.99);
  auto const counts = calls_.nodes().counts();
  made.queued = counts.queued;
  made.in_use = counts.in_use;
  made.slots = counts.slots;
  made.nodes = counts.nodes;
  samples_.push_back(made);
  ++sample_count_;
}

void page_feed::put_nodes(std::string& text, time_point now) const {
  auto nodes = calls_.nodes().nodes();
  auto const all = nodes.size();
  if (nodes.size() > most_nodes) nodes.resize(most_nodes);
  put_list(text, "nodes", nodes, [&](node_view const& node) {
    boost::json::object labels;
    for (auto const& [name, value] : node.info->labels) labels.emplace(shown(name), shown(value));
    boost::json::object made{{"name", shown(node.info->name)},
                             {"address", shown(node.info->address)},
                             {"kind", dist::to_text(node.info->kind)},
                             {"state", dist::to_text(node.state)},
                             {"slots", node.info->slots},
                             {"in_use", node.in_use},
                             {"abandoned", node.abandoned},
                             {"age_ms", to_ms(now - node.joined_at)},
                             {"silent_ms", to_ms(now - node.last_heard)},
                             {"build", shown(node.info->build)},
                             {"labels", std::move(labels)}};
    if (auto const* member = calls_.find(node.id)) {
      auto const sum = member->tries.all();
      made["answered"] = sum.answered;
      made["failed"] = sum.failed;
      made["p50_us"] = member->tries.took.quantile(0.5);
      made["p99_us"] = member->tries.took.quantile(0.99);
    }
    return made;
  });
  text.append(",\"nodes_left_out\":").append(std::to_string(all - nodes.size()));
}

void page_feed::put_methods(std::string& text) const {
  struct known {
    std::string types;
    std::size_t nodes = 0;
    bool repeatable = false;
  };
  std::map<std::string, known> methods;
  for (auto const& node : calls_.nodes().nodes())
    for (auto const& offer : node.info->methods) {
      auto& one = methods[offer.name];
      if (one.nodes++ == 0) one.types = offer.arguments + " -> " + (offer.result.empty() ? "nothing" : offer.result);
      one.repeatable = offer.repeatable;
    }
  auto const& counted = calls_.record().counted().methods();
  for (std::size_t i = 0; i < counted.size(); ++i)
    if (counted[i]) methods[counted_name(calls_.nodes(), i)];
  put_list(text, "methods", methods, [&](auto const& one) {
    auto const& [name, what] = one;
    boost::json::object made{{"name", shown(name)},
                             {"types", shown(what.types)},
                             {"nodes", what.nodes},
                             {"repeatable", what.repeatable}};
    auto const number = calls_.nodes().find_method(name);
    auto const index = number ? counted_as(*number) : most_counted_methods;
    if (number) made["queued"] = calls_.nodes().queued(*number);
    if (index < counted.size() && counted[index]) {
      auto const& mine = *counted[index];
      std::uint64_t failed = 0;
      for (std::size_t code = 1; code < mine.ended.size(); ++code) failed += mine.ended[code];
      made["ok"] = mine.ended[0];
      made["failed"] = failed;
      made["p50_us"] = mine.took.quantile(0.5);
      made["p99_us"] = mine.took.quantile(0.99);
      made["run_us"] = mine.ran.quantile(0.5);
    }
    return made;
  });
}

void page_feed::put_failures(std::string& text, time_point now) const {
  put_list(text, "failures", calls_.record().failures().entries(), [&](past_failures::entry const& one) {
    return boost::json::object{{"age_ms", to_ms(now - one.at)},
                               {"count", one.count},
                               {"code", dist::to_text(one.what.code)},
                               {"method", shown(one.what.method)},
                               {"node", shown(one.what.node)},
                               {"message", shown(one.what.message)},
                               {"cause", shown(one.what.cause)}};
  });
}

/// Without the brace at its end.
std::string const& page_feed::state(time_point now) {
  if (std::exchange(state_of_, sample_count_) == sample_count_) return state_;
  auto const counts = calls_.nodes().counts();
  boost::json::object const sums{{"nodes", counts.nodes},
                                 {"living", counts.living},
                                 {"slots", counts.slots},
                                 {"in_use", counts.in_use},
                                 {"abandoned", counts.abandoned},
                                 {"queued", counts.queued},
                                 {"late_replies", calls_.record().counted().late_replies}};
  state_ = "{\"version\":\"" DIST_VERSION "\",\"sums\":" + boost::json::serialize(sums);
  put_nodes(state_, now);
  put_methods(state_);
  put_failures(state_, now);
  put_list(state_, "waiting", calls_.nodes().why_waiting(),
           [](std::string const& reason) { return boost::json::string(shown(reason)); });
  return state_;
}

std::string page_feed::news(cursor& seen, boost::json::object const& more, time_point now) {
  auto text = state(now);
  for (auto const& [name, value] : more)
    text.append(",\"").append(name).append("\":").append(boost::json::serialize(value));
  auto const first = sample_count_ - samples_.size();
  std::vector<measured> samples;
  for (auto i = std::max(first, seen.samples); i < sample_count_; ++i) samples.push_back(samples_[i - first]);
  put_list(text, "samples", samples, [&](measured const& one) {
    return boost::json::array{to_ms(now - one.at), one.ok,    one.failed, one.queued, one.in_use,
                              one.slots,        one.nodes, one.p50_us, one.p99_us};
  });
  std::vector<past_call const*> calls;
  calls_.record().recent().each_since(seen.calls, [&](past_call const& one) { calls.push_back(&one); });
  put_list(text, "calls", calls, [&](past_call const* one) {
    return boost::json::array{shown(one->node), shown(counted_name(calls_.nodes(), counted_as(one->method))),
                              fine_ms(now - one->sent_at), fine_ms(now - one->ended_at), to_text(one->how)};
  });
  seen.samples = sample_count_;
  seen.calls = calls_.record().recent().count();
  text += '}';
  return text;
}

}  // namespace dist
