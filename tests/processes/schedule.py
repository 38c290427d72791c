#!/usr/bin/env python3
"""How long many calls take, compared to the ideal schedule of the same naps on the same nodes."""

import heapq
import time

from support import all_answered, expect, main, say, status

BOUND = 1.25


def ideal(naps, free_from):
    """When the last nap ends if each starts, in order, as soon as any slot is free."""
    free = list(free_from)
    heapq.heapify(free)
    ends = []
    for nap in naps:
        ends.append(heapq.heappop(free) + nap)
        heapq.heappush(free, ends[-1])
    return max(ends)


def check(master, job, count):
    calls = all_answered(job)
    begin, end = min(one.begin for one in calls), max(one.end for one in calls)
    now, nodes = time.monotonic(), status(master)["nodes"]
    joined = [max(begin, now - node["age_ms"] / 1000) for node in nodes for _ in range(node["slots"])]
    # The naps as long as they really took: a busy machine wakes sleepers late.
    naps = [one.took for one in sorted(calls, key=lambda one: one.tag)]
    expect(len(naps) == count, "%d calls" % len(naps))
    best = ideal(naps, joined) - begin
    say("%d calls took %.3f s, ideal %.3f s: %.3f" % (count, end - begin, best, (end - begin) / best))
    expect(end - begin <= BOUND * best, "%.3f s is too long for an ideal of %.3f s" % (end - begin, best))


def nodes_that_join_late_get_work_at_once(world):
    master = world.master()
    world.nodes(master, ["a", "b"])
    job = world.job(master, "calls", "count=200", "us=50000")
    time.sleep(1)
    for name in "cdefgh":
        world.node(master, name)
    check(master, job, 200)
    expect(len(status(master)["nodes"]) == 8, "they came after the end")


def short_and_long_calls_share_the_slots(world):
    master = world.master()
    world.nodes(master, ["a", "b", "c", "d"])
    check(master, world.job(master, "calls", "count=60", "us=5000,200000"), 60)


main([nodes_that_join_late_get_work_at_once, short_and_long_calls_share_the_slots])
