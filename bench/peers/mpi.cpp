// OpenMPI: rank 0 is the client (master), every other rank is a server (node).
// Started by mpirun; the ranks poll instead of sleeping, as is MPI's way.
//
//   mpi WORKLOAD      w1 | w2:N | w3sum | w3echo | w4 | w4coll | w11
//
// w4      one message per task to the node with the fewest outstanding
// w4coll  the same tasks as one MPI_Scatterv and one MPI_Reduce
#include <mpi.h>

#include <cmath>

#include "bench.hpp"

namespace {
using namespace bench;

enum Type : uint32_t { kSum = 1, kVecSum, kVecEcho, kCount, kStop };
struct Msg {
  uint32_t type, id;
  int64_t a, b, c;
};
constexpr int kTag = 1;

void put(int to, const Msg& m) { MPI_Send(&m, sizeof m, MPI_BYTE, to, kTag, MPI_COMM_WORLD); }
Msg get(int from, int* who = nullptr) {
  Msg m;
  MPI_Status st;
  MPI_Recv(&m, sizeof m, MPI_BYTE, from, kTag, MPI_COMM_WORLD, &st);
  if (who) *who = st.MPI_SOURCE;
  return m;
}

void serve() {
  std::vector<double> v(kVec);
  for (;;) {
    Msg m = get(0);
    switch (m.type) {
      case kStop:
        return;
      case kSum:
        m.a = sum3(m.a, m.b, m.c);
        break;
      case kCount:
        m.a = count_palindromes(m.a, m.b);
        break;
      default:
        MPI_Recv(v.data(), kVec, MPI_DOUBLE, 0, kTag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        if (m.type == kVecEcho) {
          MPI_Send(v.data(), kVec, MPI_DOUBLE, 0, kTag, MPI_COMM_WORLD);
          continue;
        }
        double d = sum_doubles(v.data(), kVec);
        std::memcpy(&m.a, &d, 8);
    }
    put(0, m);
  }
}

// Collective: every rank takes part in each round; rank 0 has no share.
void w4coll(int rank, int size) {
  std::vector<int> counts(static_cast<size_t>(size), 0), displ(static_cast<size_t>(size), 0);
  for (int t = 0; t < kTasks; ++t) counts[static_cast<size_t>(1 + t % (size - 1))] += 2;
  for (int r = 1; r < size; ++r)
    displ[static_cast<size_t>(r)] = displ[static_cast<size_t>(r - 1)] + counts[static_cast<size_t>(r - 1)];
  std::vector<int64_t> all(2 * kTasks), mine(static_cast<size_t>(counts[static_cast<size_t>(rank)]) + 2);
  auto round = [&] {
    if (rank == 0)
      for (int t = 0; t < kTasks; ++t) {
        all[static_cast<size_t>(2 * t)] = int64_t{t} * kSpan;
        all[static_cast<size_t>(2 * t + 1)] = int64_t{t + 1} * kSpan;
      }
    MPI_Scatterv(all.data(), counts.data(), displ.data(), MPI_INT64_T, mine.data(), counts[static_cast<size_t>(rank)],
                 MPI_INT64_T, 0, MPI_COMM_WORLD);
    int64_t n = 0, total = 0;
    for (int i = 0; i < counts[static_cast<size_t>(rank)]; i += 2)
      n += count_palindromes(mine[static_cast<size_t>(i)], mine[static_cast<size_t>(i + 1)]);
    MPI_Reduce(&n, &total, 1, MPI_INT64_T, MPI_SUM, 0, MPI_COMM_WORLD);
    return total;
  };
  if (rank == 0)
    run_w4(round, "w4coll");
  else
    for (int i = 0; i < kW4Warm + kW4Rounds; ++i) round();
}

// A vector from rank 0 to all, and one of each rank added up there. Rank 0 has none to add. Timed until every rank has
// confirmed that it has it.
void w11(int rank) {
  constexpr int kRounds = 20, kWarm = 2;
  const auto mine = make_vector();
  const auto want = sum_doubles(mine.data(), mine.size());
  const std::vector<double> nothing(kVec);
  std::vector<double> got(kVec), spread, reduced;
  auto ms_since = [](int64_t t0) { return static_cast<double>(now_ns() - t0) * 1e-6; };
  int size;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  for (int i = -kWarm; i < kRounds; ++i) {
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0) got = mine;
    int64_t t0 = now_ns();
    MPI_Bcast(got.data(), kVec, MPI_DOUBLE, 0, MPI_COMM_WORLD);
    double sum = rank == 0 ? 0 : sum_doubles(got.data(), kVec), all = 0;
    check(rank == 0 || sum == want, "w11: wrong sum");
    MPI_Reduce(&sum, &all, 1, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);
    if (i >= 0) spread.push_back(ms_since(t0));
    MPI_Barrier(MPI_COMM_WORLD);
    t0 = now_ns();
    MPI_Reduce(rank == 0 ? nothing.data() : mine.data(), got.data(), kVec, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);
    if (i >= 0) reduced.push_back(ms_since(t0));
    check(rank != 0 || std::abs(got[7] - (size - 1) * mine[7]) < 1e-12, "w11: wrong total");
  }
  if (rank != 0) return;
  std::sort(spread.begin(), spread.end());
  std::sort(reduced.begin(), reduced.end());
  report("w11_bcast_ms", spread[spread.size() / 2]);
  report("w11_reduce_ms", reduced[reduced.size() / 2]);
}
}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int rank, size;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  check(argc > 1 && size > 1, "usage: mpirun -np N mpi WORKLOAD");
  std::string what = argv[1];
  int window = 0;
  if (auto p = what.find(':'); p != std::string::npos) {
    window = std::atoi(what.c_str() + p + 1);
    what.resize(p);
  }
  if (what == "w4coll") {
    w4coll(rank, size);
  } else if (what == "w11") {
    w11(rank);
  } else if (rank != 0) {
    serve();
  } else {
    if (what == "w1") {
      uint32_t id = 0;
      run_w1([&](int64_t a, int64_t b, int64_t c) {
        put(1, {kSum, ++id, a, b, c});
        Msg r = get(1);
        check(r.id == id, "wrong id");
        return r.a;
      });
    } else if (what == "w2") {
      Pipeline p(window);
      auto issue = [&] {
        int64_t i = p.next();
        if (i < 0) return;
        Msg m{kSum, static_cast<uint32_t>(i), 0, 0, 0};
        args_for(static_cast<uint64_t>(i), m.a, m.b, m.c);
        put(1, m);  // eager: returns before it is received
      };
      for (int i = 0; i < window; ++i) issue();
      for (uint64_t n = 0; !p.drained(); ++n) {
        Msg r = get(1);
        check(r.id == static_cast<uint32_t>(n), "wrong id");
        p.done(n, r.a);
        issue();
      }
      p.finish();
    } else if (what == "w3sum") {
      run_w3_sum([&](const std::vector<double>& v) {
        put(1, {kVecSum, 0, 0, 0, 0});
        MPI_Send(v.data(), kVec, MPI_DOUBLE, 1, kTag, MPI_COMM_WORLD);
        Msg r = get(1);
        double d;
        std::memcpy(&d, &r.a, 8);
        return d;
      });
    } else if (what == "w3echo") {
      std::vector<double> back(kVec);
      run_w3_echo([&](const std::vector<double>& v) -> const double* {
        put(1, {kVecEcho, 0, 0, 0, 0});
        MPI_Send(v.data(), kVec, MPI_DOUBLE, 1, kTag, MPI_COMM_WORLD);
        MPI_Recv(back.data(), kVec, MPI_DOUBLE, 1, kTag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        return back.data();
      });
    } else if (what == "w4") {
      run_w4([&] {
        Nodes nodes(static_cast<size_t>(size - 1));
        for (int t = 0; t < kTasks; ++t)
          put(1 + nodes.pick(), {kCount, static_cast<uint32_t>(t), int64_t{t} * kSpan, int64_t{t + 1} * kSpan, 0});
        int64_t total = 0;
        for (int t = 0; t < kTasks; ++t) {
          int who;
          total += get(MPI_ANY_SOURCE, &who).a;
          nodes.done(who - 1);
        }
        return total;
      });
    } else {
      std::printf("unsupported 1\n");
    }
    for (int r = 1; r < size; ++r) put(r, {kStop, 0, 0, 0, 0});
  }
  std::fflush(stdout);
  MPI_Finalize();
}
