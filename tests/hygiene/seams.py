"""Time, threads and randomness come only through the seams: other code creates no threads, arms no timers, reads no
clock and draws no random numbers."""

import re

import sources

THREAD = r"\bstd::j?thread\b(?!::id)|\bstd::async\b|\bthread_pool\b|\bpthread_create\b"
TIMER = r"\b(?:steady|system|high_resolution|deadline)_timer\b|\bbasic_waitable_timer\b|\btimerfd_\w+|\bsetitimer\b"
CLOCK = r"::now\s*\(|\bclock_gettime\b|\bgettimeofday\b|\b(?:std::|::)?time\s*\(\s*(?:nullptr|NULL|0)\s*\)"
# The time of day jumps. Not even the clock seam looks at it, so no decision can depend on it.
TIME_OF_DAY = (r"\bchrono\s*::\s*(?:system_clock|high_resolution_clock|utc_clock)\b|\bCLOCK_REALTIME\w*"
               r"|\bgettimeofday\b|\b(?:local|gm)time(?:_r)?\b")
CHANCE = r"\brandom_device\b|\bgetrandom\b|\bgetentropy\b|\bs?rand\s*\(|\bmt19937\w*|\bdefault_random_engine\b|\bRAND_\w+"
# Our own sleep_for(clock, ...) waits on the clock seam and is none of these.
SLEEP = r"\bthis_thread\s*::\s*sleep_\w+|(?<!\w)(?:std::|::)?u?sleep\s*\(|\bnanosleep\b"
SIGNAL = r"\bsignal_set\b|\bsigaction\b|(?<!\w)(?:std::|::)signal\s*\("

# The seams: file, what it may use, why. Nothing else may.
ALLOWED = [
    ("rpc/src/base/system_clock.cpp", (CLOCK, TIMER), "the one clock and the one timer of a process"),
    ("rpc/include/dist/rpc/detail/system_clock.hpp", (CLOCK, TIMER), "the same, declared"),
    ("rpc/src/base/system_entropy.cpp", (CHANCE,), "the one source of chance"),
    ("rpc/include/dist/rpc/detail/system_entropy.hpp", (CHANCE,), "the same, declared"),
    ("rpc/src/base/json_line.cpp", (TIME_OF_DAY, CLOCK), "the time that a line of the log shows"),
    ("rpc/src/service/compute_pool.cpp", (THREAD,), "the compute threads"),
    ("rpc/include/dist/rpc/detail/compute_pool.hpp", (THREAD,), "the same, declared"),
    ("rpc/src/io/tcp_network.cpp", (TIMER,), "the pause of an accept loop that ran out of descriptors"),
    ("rpc/include/dist/rpc/detail/tcp_network.hpp", (TIMER,), "the same, declared"),
    ("rpc/src/io/resolve.cpp", (THREAD,), "the system's resolver may hang, so its thread must never be joined"),
    ("rpc/src/base/cpu_count.cpp", (THREAD,), "asks how many processors there are, makes no thread"),
    ("runtime/src/journal/journal_thread.cpp", (THREAD,), "the thread that waits for the disk"),
    ("runtime/src/journal/journal_thread.hpp", (THREAD,), "the same, declared"),
    ("runtime/src/process/io_watchdog.cpp", (THREAD,), "the thread that sees that the I/O thread is blocked"),
    ("runtime/src/process/io_watchdog.hpp", (THREAD,), "the same, declared"),
    ("runtime/src/process/child_config.cpp", (SIGNAL,), "a node process leaves Ctrl-C to its parent"),
    ("runtime/src/program/job_run.hpp", (SIGNAL,), "the signals of a process that runs a job"),
    ("runtime/src/program/job_run.cpp", (SIGNAL,), "the same"),
    ("runtime/src/program/node_run.cpp", (SIGNAL,), "the signals of a node's process"),
    ("runtime/src/process/supervisor.cpp", (SIGNAL,), "the signals of the parent of node processes"),
    ("runtime/sim/cluster.cpp", (CLOCK,), "how long a simulation may take"),
    ("runtime/sim/world/run.hpp", (CLOCK,), "the same"),
    ("tests/processes/cancel_program.cpp", (SLEEP,), "methods of real processes that take their time"),
    ("tests/processes/cluster_program.cpp", (SLEEP,), "methods of real processes that take their time"),
    ("tests/processes/fault_tasks.hpp", (SLEEP,), "the same"),
    ("tests/processes/fan_out_program.cpp", (SLEEP,), "the same"),
    ("tests/processes/journal_program.cpp", (SLEEP,), "the same"),
]
RULES = [
    (THREAD, "a thread is made by the compute seam"),
    (TIMER, "a timer is armed by the clock seam"),
    (CLOCK, "a clock is read by the clock seam"),
    (TIME_OF_DAY, "no decision depends on the time of day"),
    (CHANCE, "chance comes from the entropy seam"),
    (SLEEP, "nothing sleeps"),
    (SIGNAL, "signals belong to run"),
]


def check(path, text):
    if not path.endswith(sources.CODE):
        return []
    module = path.split("/")[0]
    code = sources.code_only(text)
    allowed = {rule for file, rules, _ in ALLOWED if file == path for rule in rules}
    found = []
    for pattern, message in RULES:
        # Tests may use threads and seeded engines, but they do not sleep either.
        if module not in sources.MODULES and not (module == "tests" and pattern == SLEEP):
            continue
        if pattern not in allowed:
            found += [(sources.line_of(code, hit.start()), f"{hit.group()}: {message}")
                      for hit in re.finditer(pattern, code)]
    return found


EXAMPLES = [
    ("rpc/src/a.cpp", "std::thread t;", True),
    ("rpc/src/a.cpp", "std::thread::id owner_ = std::this_thread::get_id();", False),
    ("rpc/src/a.cpp", "// std::thread in words\nauto text = \"std::thread\";", False),
    ("rpc/src/service/compute_pool.cpp", "std::thread t;", False),
    ("rpc/src/service/compute_pool.cpp", "std::chrono::steady_clock::now();", True),
    ("rpc/src/base/system_clock.cpp", "std::chrono::steady_clock::now();", False),
    ("rpc/src/base/system_clock.cpp", "std::chrono::system_clock::now();", True),
    ("rpc/src/base/system_clock.cpp", "::clock_gettime(CLOCK_REALTIME, &now);", True),
    ("registry/src/a.cpp", "auto later = std::async(f);", True),
    ("registry/src/a.cpp", "auto now = steady_clock::now();", True),
    ("registry/src/a.cpp", "auto now = seams.clock.now();", False),
    ("runtime/src/a.cpp", "asio::steady_timer t(io);", True),
    ("runtime/src/a.cpp", "std::random_device d;", True),
    ("runtime/src/a.cpp", "std::mt19937_64 e;", True),
    ("runtime/src/a.cpp", "int i = rand ();", True),
    ("runtime/src/a.cpp", "int i = operand(1'000);", False),
    ("runtime/src/a.cpp", "asio::signal_set s(io);", True),
    ("runtime/src/program/node_run.cpp", "asio::signal_set s(io);", False),
    ("tests/rpc/a_test.cpp", "std::this_thread::sleep_for(1ms);", True),
    ("tests/rpc/a_test.cpp", "co_await sleep_for(clock, 1ms);", False),
    ("runtime/src/a.cpp", "::signal(SIGINT, SIG_IGN);", True),
    ("runtime/src/a.cpp", "void child_process::signal(int number) {", False),
    ("tests/rpc/a_test.cpp", "std::thread t;", False),
    ("samples/a.cpp", "auto start = std::chrono::steady_clock::now();", False),
]

if __name__ == "__main__":
    sources.run(check, EXAMPLES)
