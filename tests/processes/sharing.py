#!/usr/bin/env python3
"""Several jobs that are connected to one master."""

import signal

from support import all_answered, calls_of, expect, main, runs_of, say, status, until

NODES = ["a", "b", "c", "d"]
COUNT = 2000


def a_job_that_is_killed_takes_only_its_own_calls_along(world):
    master = world.master()
    world.nodes(master, NODES)
    doomed = world.job(master, "calls", "count=%d" % COUNT, "us=5000", "log=" + world.path("doomed"))
    other = world.job(master, "calls", "rate=100", "us=5000", "log=" + world.path("other"),
                      "until=" + world.path("enough"))
    until("calls", lambda: len(runs_of(world, "doomed")) > 20)
    doomed.signal(signal.SIGKILL)
    doomed.ends(-signal.SIGKILL)
    so_far = len(calls_of(other))
    until("more calls of the other", lambda: len(calls_of(other)) > so_far + 50)
    open(world.path("enough"), "w").close()
    calls = all_answered(other)
    runs = runs_of(world, "other")
    expect(len(runs) == len(calls) and all(len(pids) == 1 for pids in runs.values()), "the other's calls: %s" % runs)
    until("an empty queue", lambda: status(master)["queued"] == 0 and status(master)["in_use"] == 0)
    begun = len(runs_of(world, "doomed"))
    say("%d of %d calls of the killed job had begun" % (begun, COUNT))
    expect(begun < COUNT, "all calls of the killed job were run")


main([a_job_that_is_killed_takes_only_its_own_calls_along])
