#!/usr/bin/env python3
"""Many lazy inputs through one map_reduce: what the master keeps does not grow with their number."""

import os
import re

from support import expect, is_long, main, say

SANITIZED = bool(os.environ.get("SANITIZED_BY"))
COUNT = 10_000_000 if is_long() else 20_000 if SANITIZED else 300_000


def sum_of(world, *words, patience=60):
    """Runs the job on two nodes beside it; returns what it said and how much memory it took, in MB."""
    job = world.start("--local", "2", "--min-nodes", "2", "count=%d" % COUNT, *words)
    total, before, most, seconds = job.ends(0, patience).stdout().split()
    expect(int(total) == COUNT * (COUNT - 1) // 2, "the sum is %s" % total)
    say("%d inputs %s in %.1f s (%.0f/s): %d MB before, %d MB at most" %
        (COUNT, " ".join(words), float(seconds), COUNT / float(seconds), int(before) // 1024, int(most) // 1024))
    # A sanitizer's own memory is far more than what is looked at.
    expect(SANITIZED or int(most) < 150 * 1024, "%s kB" % most)
    return job.stderr()


def many_inputs(world):
    sum_of(world, patience=300)


def a_first_shard_that_takes_long(world):
    # The bound is reached while it runs, also on a machine that takes long to reach the one by default.
    words = ["wait=5000", "reorder=20000000"] if is_long() else ["wait=1000", "reorder=200000"]
    log = sum_of(world, *words, patience=300)
    said = re.findall(r"[0-9]+ (?:MB|kB|bytes) of results wait for item 0, which has run [0-9]+ s on node", log)
    expect(len(said) == 1, log)
    say(said[0])


main([many_inputs, a_first_shard_that_takes_long])
