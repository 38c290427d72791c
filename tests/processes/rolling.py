#!/usr/bin/env python3
"""Nodes that are told to end (SIGTERM) under load."""

import signal

from support import all_answered, calls_of, expect, main, say, until

NODES = ["a", "b", "c", "d", "e"]


def all_are_restarted_one_after_the_other(world):
    master = world.master()
    nodes = world.nodes(master, NODES, slots=4)
    # Every fourth takes long enough to be running when its node is told to end; every third is issued once.
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


main([all_are_restarted_one_after_the_other])
