// The workloads that dist shares with its peers, as one program: a master that measures, and its nodes.
//
//   bench_dist --master ADDR --min-nodes N WORKLOAD [pool]     measures and prints `key value` lines
//   bench_dist --join ADDR --slots 1                           a node
//   bench_dist --crowd ADDR N                                  N nodes that do nothing, in one process
//
// w1          one call in flight, three integers summed
// w2:N        N calls in flight, for a second
// count:N L   N of these calls, L in flight: for counting instructions
// w3sum[:N]   sends 1,000,000 doubles, or N, and returns their sum: the method takes a view of the received bytes; with
// N also
//             `brief`, on the I/O thread
// w3vec       the same into a vector of the method's own
// w3echo      there and back
// w4:N        N shards of 101 numbers, their palindromes counted, summed by map_reduce
// w5          1,000 sleeping tasks of 0.1 to 50 ms, against list scheduling on the same slots
// w6:N        N brief calls at 5,000 a second; the same when each hundredth awaits 5 ms
// w8conn:N    memory of a master for each node that joins
// w8queued:N  memory for each call that waits
// w8calls:N   memory for each call that is in flight, here and at its node
// w10         reports when the first answer has arrived
// w11         8 MB to all nodes; a vector of 1,000,000 doubles from each node, added up
// serve       nothing, until stopped: for JSON clients
#include <iostream>
#include <map>

#include "service.hpp"

namespace {

using job_function = dist::task<void> (*)(dist::cluster&, workload);

std::map<std::string, job_function, std::less<>> const jobs = {{"w1", run_w1},
                                                               {"w2", run_w2},
                                                               {"count", run_count},
                                                               {"w3sum", run_w3_sum},
                                                               {"w3vec", run_w3_vec},
                                                               {"w3echo", run_w3_echo},
                                                               {"w4", run_w4},
                                                               {"w5", run_w5},
                                                               {"w6", run_w6},
                                                               {"w8conn", run_w8_connections},
                                                               {"w8queued", run_w8_queued},
                                                               {"w8calls", run_w8_calls},
                                                               {"w10", run_w10},
                                                               {"w11", run_w11},
                                                               {"serve", serve}};

dist::task<void> job(dist::cluster& on, std::vector<std::string> words) {
  if (words.empty()) throw dist::usage_error("missing workload; see the comment at the top of bench/workloads.cpp");
  workload asked;
  auto const colon = words[0].find(':');
  asked.name = words[0].substr(0, colon);
  if (colon != std::string::npos) asked.number = std::stoll(words[0].substr(colon + 1));
  if (words.size() > 1) asked.variant = words[1];
  auto const found = jobs.find(asked.name);
  if (found == jobs.end()) throw dist::usage_error("unknown workload '" + words[0] + "'");
  auto work = found->second(on, std::move(asked));
  co_await std::move(work);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 4 && std::string_view(argv[1]) == "--crowd") return run_crowd(argv[2], std::stoul(argv[3]));
  return dist::run(argc, argv, dist::services<Bench>(), job);
}
