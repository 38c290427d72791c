// Shared pieces of the peer benchmarks: the work itself (so that every C++ peer
// does exactly the same), the clocks, the checks and the output format.
//
// A client prints one "key value" line per figure and exits non-zero as soon as
// one result is wrong, so a figure that was printed belongs to calls that worked.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

namespace bench {

// ---- sizes every peer uses -------------------------------------------------
inline constexpr int kW1Warm = 2000, kW1Calls = 20000;
inline constexpr double kW2Warm = 0.3, kW2Seconds = 1.0;
inline constexpr size_t kVec = 1000000;  // doubles in one bulk call, unless a size is given
inline constexpr int kW3Warm = 3;
inline constexpr double kSizeSeconds = 0.4;  // for each size
inline constexpr double kW3Seconds = 1.0;
inline constexpr int kTasks = 1000, kSpan = 101;  // W4: kTasks ranges of kSpan values
inline constexpr int kW4Warm = 5, kW4Rounds = 40;

inline int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

[[noreturn]] inline void die(const char* what) {
  std::fprintf(stderr, "FAIL: %s\n", what);
  std::fflush(stdout);
  std::_Exit(1);
}
inline void check(bool ok, const char* what) {
  if (!ok) [[unlikely]]
    die(what);
}
inline void report(const std::string& key, double v) { std::printf("%s %.6g\n", key.c_str(), v); }

// From nanoseconds: prefix_p10_us to prefix_p999_us.
inline void report_latencies(const std::string& prefix, std::vector<uint32_t> ns) {
  constexpr struct {
    const char* name;
    double share;
  } kShares[] = {{"_p10_us", .1}, {"_p50_us", .5}, {"_p90_us", .9}, {"_p99_us", .99}, {"_p999_us", .999}};
  std::sort(ns.begin(), ns.end());
  for (const auto& one : kShares)
    report(prefix + one.name, ns[static_cast<size_t>(static_cast<double>(ns.size()) * one.share)] * 1e-3);
}

// ---- the work --------------------------------------------------------------
inline int64_t sum3(int64_t a, int64_t b, int64_t c) { return a + b + c; }

// Is the binary notation of v a palindrome? (0 counts, as in the Go ancestor.)
inline bool palindrome(uint64_t v) {
  uint64_t r = 0;
  for (uint64_t x = v; x; x >>= 1) r = (r << 1) | (x & 1);
  return r == v;
}
inline int64_t count_palindromes(int64_t start, int64_t end) {
  int64_t n = 0;
  for (int64_t i = start; i < end; ++i) n += palindrome(static_cast<uint64_t>(i));
  return n;
}

// One fixed order of additions (eight lanes, then pairwise), used by every peer
// in every language, so that sums must agree to the last bit.
inline double sum_doubles(const double* p, size_t n) {
  double s[8] = {};
  size_t i = 0;
  for (; i + 8 <= n; i += 8)
    for (int k = 0; k < 8; ++k) s[k] += p[i + k];
  for (; i < n; ++i) s[i & 7] += p[i];
  return ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
}
// Full-mantissa doubles in [0,1), so that text and variable-length encodings do
// not profit from short numbers.
inline std::vector<double> make_vector(size_t n = kVec) {
  std::vector<double> v(n);
  uint64_t x = 1;
  for (auto& d : v) {
    x += 0x9E3779B97F4A7C15ull;
    uint64_t z = x;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    z ^= z >> 31;
    d = static_cast<double>(z >> 11) * 0x1p-53;
  }
  return v;
}

// Private memory of a process, as the operating system counts it.
inline int64_t resident_bytes(const std::string& pid) {
  std::FILE* file = std::fopen(("/proc/" + pid + "/status").c_str(), "r");
  check(file != nullptr, "no such process");
  long long kib = 0;
  for (char line[256]; std::fgets(line, sizeof line, file);)
    if (std::sscanf(line, "RssAnon: %lld kB", &kib) == 1) break;
  std::fclose(file);
  return kib * 1024;
}
// W8: additional memory of the server per idle connection, and of both ends per call in flight.
inline constexpr int kW8Connections = 500;
struct Growth {
  explicit Growth(std::string of) : pid(std::move(of)), before(resident_bytes(pid)) {}
  void report_each(const std::string& key, int count) const {
    report(key, static_cast<double>(resident_bytes(pid) - before) / count);
  }
  std::string pid;
  int64_t before;
};
inline std::string server_pid() {
  const char* pid = std::getenv("BENCH_SERVER");
  check(pid != nullptr, "BENCH_SERVER is not set");
  return pid;
}

// ---- drivers ---------------------------------------------------------------
inline void args_for(uint64_t i, int64_t& a, int64_t& b, int64_t& c) {
  a = static_cast<int64_t>(i);
  b = static_cast<int64_t>(i * 7 + 1);
  c = static_cast<int64_t>(i * 1000003);
}
inline int64_t answer_for(uint64_t i) {
  int64_t a, b, c;
  args_for(i, a, b, c);
  return sum3(a, b, c);
}

// W1: call(a,b,c) -> int64, one outstanding.
template <class F>
void run_w1(F&& call, int calls = kW1Calls, int warm = kW1Warm) {
  std::vector<uint32_t> t;
  t.reserve(calls);
  for (int i = -warm; i < calls; ++i) {
    int64_t a, b, c;
    args_for(static_cast<uint64_t>(i + warm), a, b, c);
    const int64_t t0 = now_ns();
    const int64_t r = call(a, b, c);
    const int64_t t1 = now_ns();
    check(r == sum3(a, b, c), "w1: wrong sum");
    if (i >= 0) t.push_back(static_cast<uint32_t>(t1 - t0));
  }
  report_latencies("w1", std::move(t));
}

// W2: book-keeping for pipelined calls. The peer keeps `window` calls in flight;
// it calls next() for the number of a new call (or -1: stop sending) and done(i,
// r) for every answer. The figure counts answers between the end of the warm-up
// and the end of the measured time.
class Pipeline {
 public:
  explicit Pipeline(int window, const char* prefix = "w2") : window_(window), prefix_(prefix) {
    t_begin_ = now_ns();
    t_warm_ = t_begin_ + static_cast<int64_t>(kW2Warm * 1e9);
    t_end_ = t_warm_ + static_cast<int64_t>(kW2Seconds * 1e9);
  }
  int window() const { return window_; }
  int64_t next() {
    if (stop_) return -1;
    return static_cast<int64_t>(sent_++);
  }
  void done(uint64_t i, int64_t r) {
    check(r == answer_for(i), "w2: wrong sum");
    ++got_;
    if ((got_ & 15) == 0) tick();
  }
  void tick() {
    const int64_t t = now_ns();
    if (!measuring_) {
      if (t >= t_warm_) {
        measuring_ = true;
        t0_ = t;
        got0_ = got_;
      }
    } else if (!stop_ && t >= t_end_) {
      stop_ = true;
      t1_ = t;
      got1_ = got_;
    }
  }
  bool stopped() const { return stop_; }
  bool drained() const { return stop_ && got_ == sent_; }
  void finish() {
    check(stop_ && got_ == sent_, "w2: calls lost");
    report(std::string(prefix_) + "_" + std::to_string(window_) + "_cps",
           static_cast<double>(got1_ - got0_) / (static_cast<double>(t1_ - t0_) * 1e-9));
  }

 private:
  int window_;
  const char* prefix_;
  uint64_t sent_ = 0, got_ = 0, got0_ = 0, got1_ = 0;
  int64_t t_begin_, t_warm_, t_end_, t0_ = 0, t1_ = 0;
  bool measuring_ = false, stop_ = false;
};

// W3: one call at a time; only the call itself is timed, the check is not.
// call(vec) -> sum.
template <class F>
void run_w3_sum(F&& call, size_t size = 0, std::string key = "w3_sum_GBps") {
  const auto v = make_vector(size ? size : kVec);
  const double seconds = size ? kSizeSeconds : kW3Seconds;
  if (size) key = "w3_sum_" + std::to_string(8 * size) + "_GBps";
  const double want = sum_doubles(v.data(), v.size());
  double busy = 0;
  int n = 0;
  for (int i = 0; i < kW3Warm; ++i) check(call(v) == want, "w3: wrong sum");
  while (busy < seconds || n < 3) {
    const int64_t t0 = now_ns();
    const double r = call(v);
    busy += (now_ns() - t0) * 1e-9;
    check(r == want, "w3: wrong sum");
    ++n;
  }
  report(key, n * (v.size() * 8.0) / busy * 1e-9);
}
// call(vec) -> pointer to kVec doubles that stay valid until the next call.
// Payload goes both ways; the figure counts both (16 MB per call).
template <class F>
void run_w3_echo(F&& call, const char* key = "w3_echo_GBps", double seconds = kW3Seconds) {
  auto v = make_vector();
  double busy = 0;
  int n = 0;
  for (int i = -kW3Warm; (busy < seconds || n < 3); ++i) {
    v[static_cast<size_t>(i + 1000) % kVec] = i;  // every call differs
    const int64_t t0 = now_ns();
    const double* r = call(v);
    const double dt = (now_ns() - t0) * 1e-9;
    check(r && std::memcmp(r, v.data(), kVec * 8) == 0, "w3: wrong echo");
    if (i >= 0) {
      busy += dt;
      ++n;
    }
  }
  report(key, n * (2 * kVec * 8.0) / busy * 1e-9);
}

// W4: round() scatters kTasks tasks, gathers and returns the total.
template <class F>
void run_w4(F&& round, const char* prefix = "w4_1000", int rounds = kW4Rounds, int warm = kW4Warm) {
  const int64_t want = count_palindromes(0, int64_t{kTasks} * kSpan);
  std::vector<double> t;
  double first = 0;
  for (int i = -warm; i < rounds; ++i) {
    const int64_t t0 = now_ns();
    const int64_t r = round();
    const double dt = (now_ns() - t0) * 1e-6;
    check(r == want, "w4: wrong total");
    if (i == -warm) first = dt;
    if (i >= 0) t.push_back(dt);
  }
  std::sort(t.begin(), t.end());
  const double ms = t[t.size() / 2];
  report(std::string(prefix) + "_ms", ms);
  report(std::string(prefix) + "_per_s", kTasks / ms * 1e3);
  report(std::string(prefix) + "_first_ms", first);
}

// Least-outstanding choice over a few nodes (linear search; ties: lowest index).
struct Nodes {
  std::vector<int> outstanding;
  explicit Nodes(size_t n) : outstanding(n, 0) {}
  int pick() {
    int best = 0;
    for (int i = 1; i < static_cast<int>(outstanding.size()); ++i)
      if (outstanding[i] < outstanding[best]) best = i;
    ++outstanding[best];
    return best;
  }
  void done(int i) { --outstanding[i]; }
};

// ---- command line: client WORKLOAD PORT[,PORT...] ---------------------------
struct Cli {
  std::string what;
  std::vector<int> ports;
  int window = 0;  // for w2:N, w3sum:N, w4:N
  Cli(int argc, char** argv) {
    if (argc < 3) die("usage: client w1|w2:N|w3sum[:N]|w3echo|w4|w4dial PORT[,PORT...]");
    what = argv[1];
    if (auto p = what.find(':'); p != std::string::npos) {
      window = std::atoi(what.c_str() + p + 1);
      what.resize(p);
    }
    for (const char* s = argv[2]; *s;) {
      char* e;
      ports.push_back(static_cast<int>(std::strtol(s, &e, 10)));
      s = *e ? e + 1 : e;
    }
  }
  bool is(const char* w) const { return what == w; }
};
[[noreturn]] inline void unsupported() {  // the runner shows "-"
  std::printf("unsupported 1\n");
  std::fflush(stdout);
  std::_Exit(0);
}
inline void ready() {
  std::printf("ready\n");
  std::fflush(stdout);
}

}  // namespace bench
