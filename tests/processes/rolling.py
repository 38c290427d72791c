#!/usr/bin/env python3
"""Nodes that are stopped (SIGTERM) under load."""

import os
import signal
import time

from support import all_answered, calls_of, expect, main, runs_of, say, status, until

NODES = ["a", "b", "c", "d", "e"]


def rolling_restart_loses_no_call(world):
    master = world.master()
    nodes = world.nodes(master, NODES, slots=4)
    # Every fourth call is long enough to be running when its node is stopped; every third has `once`.
    job = world.job(master, "calls", "rate=2000", "us=1000,1000,1000,20000", "once=3", "until=" + world.path("enough"))
    before = {}
    for name in NODES:
        so_far = len(calls_of(job))
        until("the load", lambda: len(calls_of(job)) > so_far + 500)
        before[name] = nodes[name].pid
        nodes[name].signal(signal.SIGTERM)
        nodes[name].ends(0)
        nodes[name] = world.node(master, name, slots=4)
        nodes[name].says("joined the master")
    so_far = len(calls_of(job))
    until("some more", lambda: len(calls_of(job)) > so_far + 500)
    open(world.path("enough"), "w").close()
    calls = all_answered(job)
    took = max(one.begin for one in calls) - min(one.begin for one in calls)
    say("%d calls, %.0f a second, slowest %.0f ms" %
        (len(calls), len(calls) / took, 1000 * max(one.end - one.begin for one in calls)))
    expect(all(nodes[name].pid != before[name] for name in NODES), "not all were restarted")
    expect(master.stderr().count("joined (") == 10 and master.stderr().count(": drained") == 5, master.stderr())


def endless_method_does_not_hold_its_node(world):
    master = world.master()
    # TSan would delay the exit of a process by a second.
    at_once = {"TSAN_OPTIONS": os.environ.get("TSAN_OPTIONS", "") + " atexit_sleep_ms=0"}
    node = world.node(master, "a", "--drain-limit", "2s", slots=2, environment=at_once)
    world.joined(master, 1)
    # One that is not repeatable, and one that is: it moves once its node has left.
    never = world.job(master, "calls", "count=1", "us=0", "method=forever_once", "log=" + world.path("never"))
    again = world.job(master, "calls", "count=1", "us=0", "method=forever", "log=" + world.path("again"))
    until("both calls", lambda: world.lines("never") and world.lines("again"))
    short = world.job(master, "calls", "count=4", "us=1000")  # no slot is free, so they wait
    until("more calls", lambda: status(master)["queued"] == 4)
    node.signal(signal.SIGTERM)
    told = time.monotonic()
    node.ends(0)
    took = time.monotonic() - told
    say("the node had gone after %.2f s" % took)
    expect(2 <= took < 3, "it took %.2f s" % took)
    call = calls_of(never.ends(0))[0]
    expect((call.code, call.known, call.phase, call.node) == ("connection_lost", "unknown", "running", "a"), call.line)
    other = world.node(master, "b", slots=2)
    all_answered(short)
    until("the call elsewhere", lambda: runs_of(world, "again") == {0: [node.pid, other.pid]})
    expect(runs_of(world, "never") == {0: [node.pid]}, "it ran again: %s" % runs_of(world, "never"))


main([endless_method_does_not_hold_its_node, rolling_restart_loses_no_call])
