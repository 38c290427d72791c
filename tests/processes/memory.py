#!/usr/bin/env python3
"""Many lazy inputs in one map_reduce: the master's memory does not grow with their number."""

import os
import re

from support import expect, is_long, main, say

SANITIZED = bool(os.environ.get("SANITIZED_BY"))
COUNT = 10_000_000 if is_long() else 20_000 if SANITIZED else 300_000


def start(world, *words, environment=None):
    return world.start("--local", "2", "--min-nodes", "2", "count=%d" % COUNT, *words, environment=environment)


def look_at(job):
    """Waits for the sum and checks it, and the memory the job used."""
    total, before, most, seconds = job.ends(0, 300).stdout().split()
    expect(int(total) == COUNT * (COUNT - 1) // 2, "the sum is %s" % total)
    say("%d inputs in %.1f s (%.0f/s): %d MB before, %d MB at most" %
        (COUNT, float(seconds), COUNT / float(seconds), int(before) // 1024, int(most) // 1024))
    # A sanitizer's own memory is far larger than the limit.
    expect(SANITIZED or int(most) < 150 * 1024, "%s kB" % most)


def memory_does_not_grow_with_the_inputs(world):
    look_at(start(world))


def memory_does_not_grow_behind_a_slow_first_shard(world):
    # The first shard ends once the results behind it have reached the limit, however slow this machine is.
    end = world.path("end")
    job = start(world, "reorder=%d" % (20_000_000 if is_long() else 200_000), environment={"FIRST_WAITS_FOR": end})
    pattern = r"[0-9]+ (?:MB|kB|bytes) of results are held until item 0 is done, which has run for [0-9]+ s on node"
    said = job.says(pattern)[0]
    open(end, "w").close()
    look_at(job)
    expect(len(re.findall(pattern, job.stderr())) == 1, job.stderr())
    say(said)


main([memory_does_not_grow_with_the_inputs, memory_does_not_grow_behind_a_slow_first_shard])
