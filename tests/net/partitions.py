#!/usr/bin/env python3
"""Network partitions, short and long, in both directions or one; no process is notified."""

import time

from machines import main, sessions_of, state_of, status
from support import all_answered, calls_of, expect, lost_calls, runs_of, say, until

BEAT = 0.2


def start(site, lost_after):
    """Master, two nodes and a job on the master's machine that makes calls continuously."""
    here, there, elsewhere = site.machines(3)
    master = site.master_on(here, "--heartbeat", "%.1fs" % BEAT, "--lost-after", "%.1fs" % lost_after)
    nodes = {"a": site.node_on(there, master, "a"), "b": site.node_on(elsewhere, master, "b")}
    site.everybody_joins(master, nodes)
    load = site.job_on(here, master, "calls", "rate=50", "us=20000", "log=" + site.path("load"),
                       "until=" + site.path("enough"))
    until("the load", lambda: len(calls_of(load)) > 20)
    return master, nodes, load


def call_once_on(site, master, name):
    """Makes a call that must not run twice on that node while the others are busy."""
    wanted = site.processes[[one.arguments[3] if "--join" in one.arguments else "" for one in site.processes].index(name)]
    for tries in range(50):
        log = "once%d" % tries
        job = site.job_on(master.machine, master, "calls", "method=nap_once", "count=1", "us=4000000",
                          "log=" + site.path(log))
        pids = until("the call", lambda: runs_of(site, log).get(0))
        if pids == [wanted.pid]:
            return job, log
        job.signal(9)
    raise AssertionError("none came to " + name)


def finish(site, master, load):
    open(site.path("enough"), "w").close()
    calls = all_answered(load)
    until("no call in use", lambda: status(master)["in_use"] == 0)
    return calls


def node_returns_after_a_cut(site):
    master, nodes, load = start(site, 4 * BEAT)
    once, log = call_once_on(site, master, "a")
    site.wire.cut(master.machine, nodes["a"].machine)
    cut = time.monotonic()
    call = calls_of(once.ends(0))[0]
    say("given up after %.2f s: %s" % (call.end - cut, call.line))
    expect((call.code, call.known, call.phase, call.node) == ("node_lost", "unknown", "running", "a"), call.line)
    expect(state_of(master, "a") == "gone", "a is " + state_of(master, "a"))
    so_far = len(calls_of(load))
    until("calls without a", lambda: len(calls_of(load)) > so_far + 30)
    nodes["a"].says("silent")
    site.wire.heal()
    healed = time.monotonic()
    until("a is back", lambda: state_of(master, "a") == "living")
    say("back %.2f s after the network" % (time.monotonic() - healed))
    before = sum(pids.count(nodes["a"].pid) for pids in runs_of(site, "load").values())
    until("calls on a", lambda: sum(p.count(nodes["a"].pid) for p in runs_of(site, "load").values()) > before + 5)
    calls = finish(site, master, load)
    say("%d calls, the slowest took %.2f s" % (len(calls), max(one.end - one.begin for one in calls)))
    expect(runs_of(site, log) == {0: [nodes["a"].pid]}, "it ran again: %s" % runs_of(site, log))
    expect(sessions_of(nodes["a"]) == 2 and sessions_of(nodes["b"]) == 1, "sessions were lost that need not")


def short_cut_ends_no_session(site):
    # TCP doubles its pause each time, but retransmits within --lost-after.
    master, nodes, load = start(site, 30)
    site.wire.cut(master.machine, nodes["a"].machine)
    until("a is suspect", lambda: state_of(master, "a") == "suspect")
    site.wire.heal()
    until("a is trusted again", lambda: state_of(master, "a") == "living")
    calls = finish(site, master, load)
    say("%d calls, the slowest took %.2f s" % (len(calls), max(one.end - one.begin for one in calls)))
    expect(sessions_of(nodes["a"]) == 1, nodes["a"].stderr())


def node_that_cannot_be_heard_is_lost_and_returns(site):
    master, nodes, load = start(site, 10 * BEAT)
    site.wire.silence(nodes["a"].machine, master.machine)
    cut = time.monotonic()
    master.says("node a is lost")
    noticed = time.monotonic() - cut
    say("the master gave it up after %.2f s" % noticed)
    expect(noticed > 8 * BEAT, "a was given up after %.2f s" % noticed)
    site.wire.heal()
    until("a is back", lambda: state_of(master, "a") == "living")
    finish(site, master, load)


def node_that_cannot_hear_is_lost_and_returns(site):
    # The node hears nothing. What it sends arrives at first; then TCP waits for acknowledgements.
    master, nodes, load = start(site, 15 * BEAT)
    site.wire.silence(master.machine, nodes["a"].machine)
    cut = time.monotonic()
    nodes["a"].says("silent")
    say("the node gave its master up after %.2f s" % (time.monotonic() - cut))
    until("the master knows", lambda: state_of(master, "a") == "gone")
    so_far = len(calls_of(load))
    until("calls without a", lambda: len(calls_of(load)) > so_far + 20)
    site.wire.heal()
    until("a is back", lambda: state_of(master, "a") == "living")
    finish(site, master, load)


def job_returns_after_a_cut(site):
    here, there, far = site.machines(3)
    master = site.master_on(here, "--heartbeat", "%.1fs" % BEAT, "--lost-after", "%.1fs" % (10 * BEAT))
    site.node_on(there, master, "a", slots=4)
    site.everybody_joins(master, ["a"])
    job = site.job_on(far, master, "calls", "rate=50", "us=20000", "once=2", "until=" + site.path("enough"))
    other = site.job_on(here, master, "calls", "rate=20", "us=20000", "until=" + site.path("enough"))
    until("the job", lambda: len(calls_of(job)) > 20)
    site.wire.cut(here, far)
    cut = time.monotonic()
    job.says("lost the master at .*: it is silent")
    say("the job gave its master up after %.2f s" % (time.monotonic() - cut))
    site.wire.heal()
    so_far = len(calls_of(job))
    until("answers for the job", lambda: len([one for one in calls_of(job)[so_far:] if not one.code]) > 20)
    open(site.path("enough"), "w").close()
    expect(all(one.tag % 2 == 0 for one in lost_calls(job)), "one that may run again was lost")
    all_answered(other)
    until("no call in use", lambda: status(master)["in_use"] == 0)


def cut_shorter_than_lost_after_loses_no_call(site):
    """15 s with the default flags, 45 s with a longer --lost-after: the kernel's own timers follow it too."""
    here, near, far = site.machines(3)
    clusters = []
    for machine, seconds, flags in ((near, 15, ()), (far, 45, ("--lost-after", "120s"))):
        master = site.master_on(here, *flags)
        node = site.node_on(machine, master, "a", slots=8)
        site.everybody_joins(master, ["a"])
        # Calls that must not run twice end while the link is cut, and one of the callers is cut off as well.
        jobs = [site.job_on(where, master, "calls", "method=nap_once", "count=1", "us=%d" % (seconds * 200_000))
                for where in (here, machine)]
        until("the calls", lambda: status(master)["in_use"] == 2)
        clusters.append((machine, seconds, master, node, jobs))
    for machine, *_ in clusters:
        site.wire.cut(here, machine)
    cut = time.monotonic()
    for machine, seconds, *_ in clusters:
        time.sleep(max(0, cut + seconds - time.monotonic()))
        site.wire.deaf -= {(here, machine), (machine, here)}
    for machine, seconds, master, node, jobs in clusters:
        for job in jobs:
            all_answered(job)
            expect("gone" not in job.stderr(), job.stderr())
        expect(sessions_of(node) == 1 and "is lost" not in master.stderr(), node.stderr() + master.stderr())


main([node_returns_after_a_cut, short_cut_ends_no_session, cut_shorter_than_lost_after_loses_no_call,
      node_that_cannot_be_heard_is_lost_and_returns, node_that_cannot_hear_is_lost_and_returns,
      job_returns_after_a_cut])
