#!/usr/bin/env python3
"""Several jobs connected to one master."""

import signal

from support import all_answered, calls_of, expect, main, runs_of, say, status, until

NODES = ["a", "b", "c", "d"]
COUNT = 2000


def two_jobs_get_about_half_each(world):
    master = world.master()
    world.nodes(master, NODES, slots=2)
    words = ("calls", "count=%d" % COUNT, "us=4000")
    first = world.job(master, *words)
    until("the first one's queue", lambda: status(master)["queued"] > COUNT // 2)
    second = world.job(master, *words)
    calls = [all_answered(one) for one in (first, second)]
    # Measured while both have work at the master: from the second job's first answer until either is done. It makes
    # all its calls before the first is sent, and under a sanitizer that takes as long as 500 calls of the other
    # job.
    begin = min(one.end for one in calls[1])
    end = min(max(one.end for one in mine) for mine in calls)
    first_count, second_count = (sum(begin <= one.end <= end for one in mine) for mine in calls)
    share = second_count / (first_count + second_count)
    say("together for %.2f s: %d and %d calls, %.1f %% for the second" %
        (end - begin, first_count, second_count, 100 * share))
    expect(first_count + second_count > COUNT // 2, "they were hardly there together")
    expect(0.45 <= share <= 0.55, "the second got %.1f %%" % (100 * share))


def killing_a_job_ends_only_its_own_calls(world):
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


main([two_jobs_get_about_half_each, killing_a_job_ends_only_its_own_calls])
