#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/value_to.hpp>
#include <dist/rpc/sleep.hpp>
#include <iostream>

#include "master_client.hpp"
#include "program/exit_code.hpp"
#include "status.hpp"
#include "verbs.hpp"

// Commands that change state at the master: drain a node, cancel a job.

namespace dist {
namespace {

namespace json = boost::json;

json::array const& list_of(json::value const& status, char const* member) {
  if (auto const* found = status.as_object().if_contains(member)) return found->as_array();
  throw command_error(exit_code::failed,
                      "this master is older than this command and does not support " + std::string(member));
}

task<void> order(master_client& master, std::string path, std::string name, std::string value) {
  http_request request("POST", std::move(path));
  request.query.emplace_back(std::move(name), std::move(value));
  co_await master.ask(std::move(request), master.limit_or(std::chrono::seconds(10)));
}

json::value const* find_node(json::value const& status, std::string const& name) {
  auto const& nodes = status.at("nodes").as_array();
  auto const found = std::ranges::find_if(nodes, [&](auto const& one) { return raw_text_at(one, "name") == name; });
  return found == nodes.end() ? nullptr : &*found;
}

std::string names_of(json::value const& status) {
  std::string names;
  for (auto const& one : status.at("nodes").as_array()) names += (names.empty() ? "" : ", ") + text_at(one, "name");
  return names;
}

/// Whether the node of `before` is still there; one that was restarted under its name has another address.
bool is_there(json::value const& status, json::value const& before) {
  auto const* now = find_node(status, raw_text_at(before, "name"));
  if (!now || now->at("address") != before.at("address")) return false;
  // A Go node cannot be told to leave: it is drained when it runs nothing.
  return now->at("kind").as_string() != "go" || now->at("in_flight").to_number<std::uint64_t>() > 0;
}

task<void> drain(master_client& master, command_line const& given) {
  auto const& name = given.words.front();
  auto status = co_await master.status();
  auto const* found = find_node(status, name);
  if (!found) {
    auto const names = names_of(status);
    throw command_error(exit_code::failed, "there is no node '" + name + "'; " +
                                               (names.empty() ? "none has joined" : "the nodes are: " + names));
  }
  auto const before = *found;
  auto& clock = master.world().get().clock;
  auto const limit = given.within ? later(clock.now(), *given.within) : time_point::max();
  co_await order(master, "/drain", "node", name);
  for (;;) {
    status = co_await master.status();
    if (!is_there(status, before)) break;
    if (clock.now() >= limit) {
      auto const calls = json::serialize(find_node(status, name)->at("in_flight"));
      throw command_error(exit_code::failed, "node " + name + " has not left yet: it still runs " + calls +
                                                 (calls == "1" ? " call" : " calls") +
                                                 "; it leaves when they end, or at its --drain-limit");
    }
    co_await sleep_for(clock, std::chrono::milliseconds(100));
  }
  auto const go = before.at("kind").as_string() == "go";
  if (given.json)
    std::cout << json::serialize(json::object{{"node", name}, {"state", go ? "idle" : "gone"}}) << '\n';
  else
    std::cout << name << (go ? " is idle and gets no new calls; a Go node does not exit by itself\n" : " has left\n");
}

/// The number of the job, given by its number or by a name that only one has.
std::string number_of(json::value const& status, std::string const& what) {
  std::vector<std::string> numbers;
  std::string known;
  for (auto const& job : list_of(status, "jobs")) {
    auto const number = json::serialize(job.at("job"));
    if (number == what) return number;
    if (raw_text_at(job, "name") == what) numbers.push_back(number);
    known += (known.empty() ? "" : ", ") + number + " (" + text_at(job, "name") + ")";
  }
  if (numbers.size() == 1) return numbers.front();
  if (numbers.empty())
    throw command_error(exit_code::failed, "there is no job '" + what + "'; " +
                                               (known.empty() ? "no job is connected" : "the jobs are: " + known));
  throw command_error(exit_code::failed,
                      "several jobs are named " + what + ": give its number; the jobs are: " + known);
}

task<void> cancel(master_client& master, command_line const& given) {
  auto const status = co_await master.status();
  auto const number = number_of(status, given.words.front());
  co_await order(master, "/cancel", "job", number);
  if (given.json)
    std::cout << "{\"job\":" << number << ",\"cancelled\":true}\n";
  else
    std::cout << "job " << number << " was cancelled\n";
}

}  // namespace

int drain_node(command_line const& given) {
  // --within bounds the waiting for the node; a slower master has told the node nevertheless.
  auto asking = given;
  asking.within.reset();
  master_client master(asking);
  master.run(drain(master, given));
  return 0;
}

int cancel_job(command_line const& given) {
  master_client master(given);
  master.run(cancel(master, given));
  return 0;
}

}  // namespace dist
