#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/value_to.hpp>
#include <chrono>
#include <dist/rpc/detail/text.hpp>
#include <dist/runtime/progress_bar.hpp>
#include <iostream>

#include "master_client.hpp"
#include "program/exit_code.hpp"
#include "status.hpp"
#include "table.hpp"
#include "verbs.hpp"

// Commands that only read the master's `/status`.

namespace dist {
namespace {

namespace json = boost::json;

json::value status_of(command_line const& given) {
  master_client master(given);
  json::value got;
  auto read = [](master_client& from, json::value& into) -> task<void> { into = co_await from.status(); };
  master.run(read(master, got));
  return got;
}

/// Without nodes nothing else makes sense; scripts see it by the exit code.
int nobody(command_line const& given) {
  std::cerr << "dist: no node has joined the master at " << to_text(given.master) << "; start one: PROGRAM --join "
            << to_text(given.master) << '\n';
  return exit_code::nobody_there;
}

std::string labels_of(json::object const& node) {
  std::string text;
  for (auto const& [name, value] : node.at("labels").as_object()) {
    auto const of = json::value_to<std::string>(value);
    text += (text.empty() ? "" : ",") + std::string(name) + (of.empty() ? "" : "=" + of);
  }
  return text.empty() ? "-" : printable(text, text.size());
}

/// `int64, text` for `tuple<int64,text>`: the arguments of call, one word each.
std::string arguments_of(json::object const& method) {
  auto text = text_at(method, "arguments");
  if (!text.starts_with("tuple<") || !text.ends_with('>')) return text;
  return text.size() == 7 ? "-" : text.substr(6, text.size() - 7);
}

std::string calls_of(json::object const& node) {
  std::uint64_t sum = 0;
  for (auto const& [method, count] : node.at("calls").as_object()) sum += count.to_number<std::uint64_t>();
  return std::to_string(sum);
}

/// Over the whole life of the job.
std::string rate_of(json::object const& job) {
  auto const ms = std::max(1.0, job.at("age_ms").to_number<double>());
  return rate_text(job.at("ended").to_number<double>() * 1000 / ms);
}

/// A line for each fan-out, as its own bar would show it.
void show_fan_outs(std::string const& whose, json::object const& of) {
  constexpr std::size_t width = 100;
  constexpr std::size_t most_name_columns = 40;
  for (auto const& one : of.at("fan_outs").as_array()) {
    auto const& fan_out = one.as_object();
    fan_out_progress at;
    at.done = fan_out.at("done").to_number<std::size_t>();
    at.failed = fan_out.at("failed").to_number<std::size_t>();
    if (auto const& total = fan_out.at("total"); !total.is_null()) at.total = total.to_number<std::size_t>();
    at.per_second = fan_out.at("per_second").to_number<double>();
    if (auto const& left = fan_out.at("left_ms"); !left.is_null())
      at.left = time_length(std::chrono::milliseconds(left.to_number<std::int64_t>()));
    auto const label = whose + ": " + printable(raw_text_at(fan_out, "name"), most_name_columns);
    std::cout << progress_line(label, at, width) << '\n';
  }
}

}  // namespace

int show_nodes(command_line const& given) {
  auto const status = status_of(given);
  auto const& nodes = status.at("nodes").as_array();
  if (given.json) {
    std::cout << json::serialize(nodes) << '\n';
  } else if (!nodes.empty()) {
    table shown({"NAME", "STATE", "SLOTS", "IN USE", "ABANDONED", "CALLS", "AGE", "LABELS", "ADDRESS"});
    for (auto const& one : nodes) {
      auto const& node = one.as_object();
      shown.add({text_at(node, "name"), text_at(node, "state"), number_at(node, "slots"), number_at(node, "in_use"),
                 number_at(node, "abandoned"), calls_of(node), age_text(node.at("age_ms").to_number<std::int64_t>()),
                 labels_of(node), text_at(node, "address")});
    }
    std::cout << shown;
    if (auto const waiting = text_at(status, "waiting"); !waiting.empty())
      std::cerr << "dist: calls are waiting: " << waiting << '\n';
  }
  return nodes.empty() ? nobody(given) : 0;
}

int show_jobs(command_line const& given) {
  auto const status = status_of(given);
  auto const& jobs = status.at("jobs").as_array();
  if (given.json) {
    std::cout << json::serialize(jobs) << '\n';
    return 0;
  }
  if (jobs.empty())
    std::cerr << "dist: no job is connected; start one: PROGRAM --connect " << to_text(given.master) << '\n';
  table shown({"JOB", "NAME", "STATE", "CALLS", "ENDED", "RATE", "AGE", "ADDRESS"});
  for (auto const& one : jobs) {
    auto const& job = one.as_object();
    shown.add({number_at(job, "job"), text_at(job, "name"), job.at("cancelled").as_bool() ? "cancelled" : "running",
               number_at(job, "calls"), number_at(job, "ended"), rate_of(job),
               age_text(job.at("age_ms").to_number<std::int64_t>()), text_at(job, "address")});
  }
  if (!jobs.empty()) std::cout << shown;
  show_fan_outs("this master", status.as_object());
  for (auto const& one : jobs) show_fan_outs("job " + number_at(one.as_object(), "job"), one.as_object());
  return 0;
}

int show_methods(command_line const& given) {
  auto const status = status_of(given);
  auto const& methods = status.at("methods").as_array();
  std::size_t unlisted = 0;
  for (auto const& node : status.at("nodes").as_array()) unlisted += node.at("kind").as_string() == "go";
  if (given.json) {
    std::cout << json::serialize(methods) << '\n';
  } else if (!methods.empty()) {
    table shown({"METHOD", "ARGUMENTS", "RESULT", "REPEATABLE", "NODES"});
    for (auto const& one : methods) {
      auto const& method = one.as_object();
      shown.add({text_at(method, "name"), arguments_of(method), text_at(method, "result"),
                 method.at("repeatable").as_bool() ? "yes" : "no", number_at(method, "nodes")});
    }
    std::cout << shown;
  }
  if (unlisted > 0) std::cerr << "dist: " << unlisted << " Go nodes do not list their methods\n";
  return status.at("nodes").as_array().empty() ? nobody(given) : 0;
}

}  // namespace dist
