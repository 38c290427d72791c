#!/usr/bin/env python3
"""Nodes are killed and restarted, one every 300 ms, while a fan-out runs on them."""

import random
import signal
import time

from support import expect, is_long, main, runs_of, say

NODES = ["a", "b", "c", "d", "e", "f"]
KILLS = 8  # minimum for a run to count


def kill_nodes(world, master, nodes, job, chance):
    """Kills until enough nodes have died; returns how many, all while the job ran."""
    kills = 0
    next_kill = time.monotonic()
    while kills < KILLS:
        next_kill += 0.3
        time.sleep(max(0.0, next_kill - time.monotonic()))
        name = chance.choice(NODES)
        nodes[name].says("joined the master")
        expect(job.running(), "the job ended after %d kills:\n%s" % (kills, job.stderr()))
        nodes[name].signal(signal.SIGKILL)
        nodes[name].ends(-signal.SIGKILL)
        kills += 1
        nodes[name] = world.node(master, name)
    return kills


def run(world, number, *job_words):
    """Runs once and returns the job, which has ended."""
    master = world.master()
    nodes = world.nodes(master, NODES)
    job = world.job(master, *job_words, "us=1000,1500,2000,2500,3000", "until=" + world.path("enough%d" % number))
    kills = kill_nodes(world, master, nodes, job, random.Random(number))
    expect(job.running(), "the job did not outlast the kills")
    open(world.path("enough%d" % number), "w").close()
    job.ends(0)
    for one in [master, *nodes.values()]:
        one.signal(signal.SIGKILL)
    return job, kills


def sums_are_right_despite_kills(world):
    for number in range(20 if is_long() else 3):
        job, kills = run(world, number, "reduce")
        count, total, squares = map(int, job.stdout().split())
        say("run %d: %d shards, %d kills" % (number, count, kills))
        expect(count > 0 and total == count * (count - 1) // 2, "%d shards sum up to %d" % (count, total))
        # A duplicated shard could compensate a missing one in a sum, but hardly in two.
        expect(squares == (count - 1) * count * (2 * count - 1) // 6, "the squares of %d shards: %d" % (count, squares))


def calls_that_are_not_repeatable_run_at_most_once(world):
    for number in range(20 if is_long() else 2):
        log = "log%d" % number
        job, kills = run(world, number, "try_once", "log=" + world.path(log))
        runs = runs_of(world, log)
        outcomes = {"value": 0, "unknown": 0, "not_started": 0}
        lines = job.stdout().splitlines()
        for line in lines:
            words = line.split()
            expect(words[1] in ("value", "fault"), line)
            tag, known = int(words[0]), "value" if words[1] == "value" else words[3]
            begun = len(runs.get(tag, []))
            expect(known in outcomes, line)
            outcomes[known] += 1
            right = {"value": begun == 1, "unknown": begun <= 1, "not_started": begun == 0}[known]
            expect(right, "it began %d times, and the caller was told: %s" % (begun, line))
            if known == "unknown":
                expect(words[2] == "connection_lost" and words[4] == "running" and words[5] in NODES, line)
        say("run %d: %d kills, %s" % (number, kills, outcomes))
        expect(len(runs) <= len(lines), "calls ran that were never made")
        # Each node runs one call at a time, so a kill leaves at most one call unknown; killing a busy node
        # leaves one.
        expect(1 <= outcomes["unknown"] <= kills, "%d unknown after %d kills" % (outcomes["unknown"], kills))
        expect(outcomes["not_started"] == 0, "a call that did not start was not moved")


main([sums_are_right_despite_kills, calls_that_are_not_repeatable_run_at_most_once])
