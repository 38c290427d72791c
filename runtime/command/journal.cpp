#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <cstring>
#include <iostream>
#include <unistd.h>

#include "journal/journal_file.hpp"
#include "program/exit_code.hpp"
#include "record/count_text.hpp"
#include "table.hpp"
#include "verbs.hpp"

namespace dist {
namespace {

namespace json = boost::json;

[[noreturn]] void refuse_journal_file(std::string const& file, std::string const& why) {
  throw command_error(exit_code::wrong_use, file + ": " + why);
}

sqlite_database open_journal(std::string const& file) {
  if (::access(file.c_str(), R_OK) != 0)
    refuse_journal_file(file, std::string(std::strerror(errno)) + "; give the file of a job's --journal");
  sqlite_database on(file, sqlite_database::access::read);
  if (on.number("pragma application_id") != journal_mark)
    refuse_journal_file(file, "not a journal; give the file of a job's --journal");
  if (auto const found = on.number("pragma user_version"); found > journal_schema)
    refuse_journal_file(file, "written by a newer version of dist (schema " + std::to_string(found) +
                                  ", this one knows " + std::to_string(journal_schema) + "); use that version's dist");
  return on;
}

/// The time that methods ran, in seconds.
std::string seconds_text(std::int64_t microseconds) {
  auto const tenths = (microseconds + 50'000) / 100'000;
  return grouped(static_cast<std::uint64_t>(tenths / 10)) + '.' + std::to_string(tenths % 10) + " s";
}

std::string count_of(std::int64_t number) { return number < 0 ? "?" : grouped(static_cast<std::uint64_t>(number)); }

constexpr char const* works_query =
    "select name, method, ifnull(inputs, -1), total(state = 'finished'), total(state = 'failed'), total(running_us),"
    " ifnull(max(running_us), 0) from works left join results using (work) group by work order by work";
constexpr char const* nodes_query =
    "select node, total(state = 'finished'), total(state = 'failed'), total(running_us) from results group by node order by node";

void print_works(sqlite_database const& on) {
  table works({"FAN-OUT", "METHOD", "INPUTS", "FINISHED", "FAILED", "RUN TIME", "LONGEST"});
  sqlite_statement each(on, works_query);
  while (each.step())
    works.add({std::string(each.text(0)), std::string(each.text(1)), count_of(each.integer(2)), count_of(each.integer(3)),
               count_of(each.integer(4)), seconds_text(each.integer(5)), seconds_text(each.integer(6))});
  table nodes({"NODE", "FINISHED", "FAILED", "RUN TIME"});
  sqlite_statement by_node(on, nodes_query);
  while (by_node.step())
    nodes.add({by_node.text(0).empty() ? "?" : std::string(by_node.text(0)), count_of(by_node.integer(1)),
               count_of(by_node.integer(2)), seconds_text(by_node.integer(3))});
  std::cout << works << '\n' << nodes;
}

json::value optional_count(std::int64_t number) { return number < 0 ? json::value() : json::value(number); }

void print_works_json(sqlite_database const& on) {
  json::array works;
  sqlite_statement each(on, works_query);
  while (each.step())
    works.push_back(json::object{{"name", each.text(0)},
                                 {"method", each.text(1)},
                                 {"inputs", optional_count(each.integer(2))},
                                 {"finished", each.integer(3)},
                                 {"failed", each.integer(4)},
                                 {"running_us", each.integer(5)},
                                 {"longest_us", each.integer(6)}});
  json::array nodes;
  sqlite_statement by_node(on, nodes_query);
  while (by_node.step())
    nodes.push_back(json::object{{"name", by_node.text(0)},
                                 {"finished", by_node.integer(1)},
                                 {"failed", by_node.integer(2)},
                                 {"running_us", by_node.integer(3)}});
  std::cout << json::serialize(json::object{{"fan_outs", std::move(works)}, {"nodes", std::move(nodes)}}) << '\n';
}

constexpr char const* export_query =
    "select name, method, input, state, result_json, fault_json, node, running_us, committed"
    " from results join works using (work) order by work, input";

/// As in RFC 4180.
std::string csv_cell(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == text.npos) return std::string(text);
  std::string cell = "\"";
  for (char const c : text) {
    if (c == '"') cell += '"';
    cell += c;
  }
  return cell + '"';
}

void export_csv(sqlite_database const& on) {
  std::cout << "fan_out,method,input,state,result,fault,node,running_us,committed\r\n";
  sqlite_statement each(on, export_query);
  while (std::cout && each.step()) {
    std::string line;
    for (int column = 0; column < 9; ++column) line += (column > 0 ? "," : "") + csv_cell(each.text(column));
    std::cout << line << "\r\n";
  }
}

void export_lines(sqlite_database const& on) {
  sqlite_statement each(on, export_query);
  while (std::cout && each.step()) {
    json::object head{{"fan_out", each.text(0)}, {"method", each.text(1)},     {"input", each.integer(2)},
                      {"state", each.text(3)},   {"node", each.text(6)},       {"running_us", each.integer(7)},
                      {"committed", each.integer(8)}};
    auto line = json::serialize(head);
    line.pop_back();
    // Both are JSON already.
    if (!each.is_null(4)) line.append(",\"result\":").append(each.text(4));
    if (!each.is_null(5)) line.append(",\"fault\":").append(each.text(5));
    std::cout << line << "}\n";
  }
}

}  // namespace

int show_journal(command_line const& given) {
  auto const& file = given.words.front();
  try {
    auto const on = open_journal(file);
    if (given.export_as == "csv")
      export_csv(on);
    else if (given.export_as == "jsonl")
      export_lines(on);
    else if (given.json)
      print_works_json(on);
    else
      print_works(on);
  } catch (sqlite_error const& e) {
    refuse_journal_file(file, e.what());
  }
  return 0;
}

}  // namespace dist
