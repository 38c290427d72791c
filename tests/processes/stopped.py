#!/usr/bin/env python3
"""Nodes and masters that are suspended (SIGSTOP) under load and resume later."""

import os
import re
import signal
import time

from support import all_answered, calls_of, expect, is_long, main, runs_of, say, status, until

# By hand with the defaults: 10 s, 15 s and 40 s; in the tests, beats are shorter.
BEAT = 1.0 if is_long() else 0.1
RESULT_BYTES = 300_000 if os.environ.get("SANITIZED_BY") else 1_000_000
FLAGS = () if is_long() else ("--heartbeat", "100ms")


def state_of(master, name):
    return next((one["state"] for one in status(master)["nodes"] if one["name"] == name), "gone")


def begin(world, master):
    """Starts a call that must not run twice on a, and many repeatable ones on a, b and c; returns the jobs."""
    once = world.job(master, "calls", "method=nap_once", "count=1", "log=" + world.path("once"),
                     "us=%d" % (15e6 * BEAT))
    until("the call", lambda: world.lines("once"))
    world.nodes(master, ["b", "c"], slots=2)
    load = world.job(master, "calls", "rate=%d" % (6 / BEAT), "us=%d" % (0.5e6 * BEAT), "log=" + world.path("load"),
                     "until=" + world.path("enough"))
    return once, load


def stop(world, a, load):
    """Suspends a while it runs a call of the load; returns the time and the call."""
    def held():
        if not any(pids[-1] == a.pid for pids in runs_of(world, "load").values()):
            return None
        a.signal(signal.SIGSTOP)
        when = time.monotonic()
        time.sleep(BEAT / 4)  # for a reply that is on its way
        answered = {one.tag for one in calls_of(load)}
        mine = [tag for tag, pids in runs_of(world, "load").items() if pids[-1] == a.pid and tag not in answered]
        if mine:
            return when, mine[0]
        a.signal(signal.SIGCONT)
        return None
    return until("a call on a", held)


def stopped_node_resumes_without_losing_calls(world):
    master = world.master(*FLAGS)
    a = world.node(master, "a", slots=2)
    world.joined(master, 1)
    once, load = begin(world, master)
    stopped, held = stop(world, a, load)
    until("a is suspect", lambda: state_of(master, "a") == "suspect")
    suspect = time.monotonic()
    so_far = len(calls_of(load))
    until("more load", lambda: len(calls_of(load)) > so_far + 30)
    # The load ends while a is still suspended: its calls were answered elsewhere.
    open(world.path("enough"), "w").close()
    calls = all_answered(load)
    slowest = max(one.end - one.begin for one in calls)
    say("suspect after %.2f beats; %d calls, the slowest took %.2f beats" %
        ((suspect - stopped) / BEAT, len(calls), slowest / BEAT))
    expect(state_of(master, "a") == "suspect", "a is " + state_of(master, "a"))
    expect(once.running(), "the call on a has ended: " + once.stdout())
    twice = [pids for pids in runs_of(world, "load").values() if len(pids) > 1]
    expect(held in [tag for tag, pids in runs_of(world, "load").items() if len(pids) > 1], "it did not run elsewhere")
    expect(all(len(pids) == 2 and pids[0] == a.pid for pids in twice), "not only calls of a ran twice: %s" % twice)
    expect(slowest < 8 * BEAT, "a call of a was answered %.1f s late" % slowest)
    time.sleep(max(0, stopped + 10 * BEAT - time.monotonic()))
    a.signal(signal.SIGCONT)
    all_answered(once)
    expect(runs_of(world, "once") == {0: [a.pid]}, "it ran as %s, a is %d" % (runs_of(world, "once"), a.pid))
    until("a is back", lambda: state_of(master, "a") == "living")
    expect(a.stderr().count("joined the master") == 1, a.stderr())
    until("no call in use", lambda: status(master)["in_use"] == 0)


def node_stopped_for_too_long_is_lost(world):
    master = world.master(*FLAGS, *(() if is_long() else ("--lost-after", "1s")))
    a = world.node(master, "a", slots=2)
    world.joined(master, 1)
    once, load = begin(world, master)
    stopped, held = stop(world, a, load)
    once.ends(0)
    call = calls_of(once)[0]
    say("given up after %.2f s: %s" % (call.end - stopped, call.line))
    expect((call.code, call.known, call.phase, call.node) == ("node_lost", "unknown", "running", "a"), call.line)
    expect(state_of(master, "a") == "gone", "a is " + state_of(master, "a"))
    time.sleep(max(0, stopped + 40 * BEAT - time.monotonic()) if is_long() else 0)
    a.signal(signal.SIGCONT)
    a.says("joined the master(.|\\n)*joined the master")
    until("a is back", lambda: state_of(master, "a") == "living")
    # Its late replies belong to an ended session; new calls reach it.
    before = sum(pids.count(a.pid) for pids in runs_of(world, "load").values())
    until("new calls on a", lambda: sum(pids.count(a.pid) for pids in runs_of(world, "load").values()) > before + 10)
    open(world.path("enough"), "w").close()
    all_answered(load)
    expect(runs_of(world, "once") == {0: [a.pid]}, "it ran again: %s" % runs_of(world, "once"))
    until("no call in use", lambda: status(master)["in_use"] == 0)
    a.signal(signal.SIGTERM)
    a.ends(0)


def stopped_master_resumes(world):
    """Its nodes give it up and rejoin. To the master they left silently or with a reset, so no death is recorded."""
    master = world.master(*FLAGS, "--lost-after", "%.1fs" % (10 * BEAT), "--min-nodes", "2",
                          job=("calls", "count=200", "rate=%d" % (4 / BEAT), "us=%d" % (3e6 * BEAT)))
    nodes = world.nodes(master, ["a", "b"], slots=8).values()
    until("the calls", lambda: calls_of(master))
    for times in (1, 2, 3):
        master.signal(signal.SIGSTOP)
        for one in nodes:
            one.says("(the master is silent(.|\\n)*){%d}" % times)
        master.signal(signal.SIGCONT)
        for one in nodes:
            one.says("(joined the master(.|\\n)*){%d}" % (times + 1))
    all_answered(master)
    expect(all(one.running() for one in nodes), "a node ended")
    say("; ".join(sorted(set(re.findall("left: .*", master.stderr())))))


def begin_large_results(world, master):
    """A job that is stopped while more results come than fit between it and its master; what it must print is returned."""
    job = world.job(master, "mirrors", "callers=32", "rounds=2", "bytes=%d" % RESULT_BYTES)
    until("its calls", lambda: status(master)["in_use"] > 0)
    job.signal(signal.SIGSTOP)
    return job, "64\n"


def stopped_job_has_its_results_when_it_resumes(world):
    """The system alone judges a job, after twice lost-after and two beats: 2.4 s in a test. Between once and twice that
    nothing is lost, although the master's results wait in a full window."""
    master = world.master(*FLAGS, "--lost-after", "%.1fs" % (10 * BEAT))
    world.nodes(master, ["a", "b"], slots=8)
    job, printed = begin_large_results(world, master)
    time.sleep(20 * BEAT)
    expect(job.stdout() == "", "it had ended before")
    job.signal(signal.SIGCONT)
    expect(job.ends(0).stdout() == printed, job.stdout())
    expect(master.stderr().count("job fault_program connected") == 1, "it was dropped and came back:\n" + master.stderr())
    expect("trying again" not in job.stderr(), job.stderr())
    until("no call in use", lambda: status(master)["in_use"] == 0)


def job_stopped_for_too_long_is_dropped(world):
    """Its calls leave the nodes; when it goes on, it connects anew and those that may run again do."""
    master = world.master(*FLAGS, "--lost-after", "%.1fs" % (10 * BEAT))
    world.nodes(master, ["a", "b"], slots=8)
    job, printed = begin_large_results(world, master)
    stopped = time.monotonic()
    until("the master drops it", lambda: not status(master)["jobs"])
    took = (time.monotonic() - stopped) / BEAT
    say("dropped after %.0f beats" % took)
    expect(took > 20, "too early")
    until("its calls have gone", lambda: status(master)["in_use"] == 0)
    job.signal(signal.SIGCONT)
    expect(job.ends(0).stdout() == printed, job.stdout())


main([stopped_node_resumes_without_losing_calls, node_stopped_for_too_long_is_lost, stopped_master_resumes,
      stopped_job_has_its_results_when_it_resumes, job_stopped_for_too_long_is_dropped])
