#!/usr/bin/env python3
"""Many calls at once: running while their node or caller goes away, large, or late."""

import signal
import time

from support import all_answered, calls_of, expect, is_long, main, runs_of, say, status, until


def all_calls_of_a_killed_node_end_once(world):
    master = world.master()
    node = world.node(master, "a", slots=100)
    world.joined(master, 1)
    # All with `once`; every second call has a deadline.
    job = world.job(master, "calls", "count=100", "us=600000000", "once=1", "within=300000", "every=2",
                    "log=" + world.path("log"))
    until("all calls", lambda: len(runs_of(world, "log")) == 100)
    node.signal(signal.SIGKILL)
    killed = time.monotonic()
    calls = calls_of(job.ends(0))
    say("100 calls have ended %.3f s after their node" % (max(one.end for one in calls) - killed))
    expect(sorted(one.tag for one in calls) == list(range(100)), "not every call ended exactly once")
    for one in calls:
        expect((one.code, one.known, one.phase, one.node) == ("connection_lost", "unknown", "running", "a"), one.line)
    expect(status(master)["in_use"] == 0, "slots are left over")
    world.nodes(master, ["b"])
    all_answered(world.job(master, "calls", "count=20", "us=1000"))


def late_reply_is_not_taken_for_the_next_one(world):
    master = world.master()
    world.nodes(master, ["a"], slots=2)
    lines = world.job(master, "late").ends(0).stdout().splitlines()
    # Either the job's own clock ends it, or the master's, which knows the node.
    right = ["fault deadline_exceeded unknown running %s then 1" % node for node in ("-", "a")]
    expect(len(lines) == 10 and all(line in right for line in lines), "\n".join(lines))
    until("the late ones", lambda: status(master)["late_replies"] == 10)
    expect(status(master)["in_use"] == 0 and status(master)["abandoned"] == 0, "slots are left over")


def large_calls_of_many_callers_share_a_connection(world):
    master = world.master()
    world.nodes(master, ["a"], slots=4)
    job = world.job(master, "mirrors", "callers=64", "bytes=%d" % (1 << 20)).ends(0)
    expect(job.stdout() == "64\n", job.stdout() + " of 64 came back whole")
    expect(master.stderr().count("joined (") == 1 and master.stderr().count("connected from") == 1, master.stderr())


def client_may_be_destroyed_with_pending_calls(world):
    master = world.master()
    world.nodes(master, ["a"], slots=2)
    rounds = 100 if is_long() else 8
    job = world.start("abandon", master.at, str(rounds), "4000").ends(0)
    say(job.stdout().strip())
    expect(job.stdout().startswith("%d rounds" % rounds), job.stdout())
    until("no calls left", lambda: status(master)["queued"] == 0 and status(master)["in_use"] == 0)
    all_answered(world.job(master, "calls", "count=20", "us=1000"))


main([all_calls_of_a_killed_node_end_once, late_reply_is_not_taken_for_the_next_one,
      large_calls_of_many_callers_share_a_connection, client_may_be_destroyed_with_pending_calls])
