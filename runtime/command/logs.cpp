#include <boost/json/serialize.hpp>
#include <boost/json/value_to.hpp>
#include <dist/rpc/sleep.hpp>
#include <iostream>

#include "master_client.hpp"
#include "program/exit_code.hpp"
#include "values/json.hpp"
#include "verbs.hpp"

namespace dist {
namespace {

namespace json = boost::json;

constexpr auto time_between_looks = std::chrono::milliseconds(500);

task<void> follow(master_client& master, command_line const& given) {
  for (std::uint64_t from = 0;;) {
    http_request request("GET", "/logs");
    request.query.emplace_back("node", given.words.front());
    request.query.emplace_back("from", std::to_string(from));
    auto const answer = co_await master.ask(std::move(request), master.limit_or(std::chrono::seconds(10)));
    auto const parsed = parse_json(answer.body, limits().depth);
    if (!parsed)
      throw command_error(exit_code::failed, "the master's reply is not valid JSON: " + parsed.error().message);
    auto const& part = *parsed;
    auto const text = json::value_to<std::string>(part.at("text"));
    from = part.at("next").to_number<std::uint64_t>();
    if (!given.json)
      std::cout << text << std::flush;
    else if (!text.empty() || !given.follow)
      std::cout << json::serialize(json::object{{"node", given.words.front()}, {"text", text}}) << std::endl;
    if (!given.follow) co_return;
    // The reader is gone, such as `head`.
    if (!std::cout) co_return;
    // The master keeps new output meanwhile.
    co_await sleep_for(master.world().get().clock, time_between_looks);
  }
}

}  // namespace

int show_logs(command_line const& given) {
  master_client master(given);
  master.run(follow(master, given));
  return 0;
}

}  // namespace dist
