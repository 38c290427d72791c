#!/usr/bin/env python3
"""Compares `kmeans` with a calculation in this one process, and its output on 1, 2 and 4 node processes, byte for byte.

usage: kmeans.py PROGRAM
"""

import math
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "processes"))
from support import expect, main  # noqa: E402

SEED, POINTS, CLUSTERS, DIMENSIONS = 7, 3_000, 6, 3
FLAGS = ["--seed", SEED, "--points", POINTS, "--clusters", CLUSTERS, "--dimensions", DIMENSIONS]


def run(world, nodes):
    return world.start("--local", str(nodes), "--block", "250", *map(str, FLAGS)).ends(0).stdout()


def random_at(seed, index):
    z = (seed * 0xD1342543DE82EF95 + index * 0x9E3779B97F4A7C15) % 2**64
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ z >> 27) * 0x94D049BB133111EB % 2**64
    return ((z ^ z >> 31) >> 11) / 2**53


def all_points():
    for n in range(POINTS):
        near = int(random_at(SEED, n) * CLUSTERS)
        yield [random_at(SEED + 1, near * DIMENSIONS + d) * 100 +
               20 * (random_at(SEED + 2, n * DIMENSIONS + d) + random_at(SEED + 3, n * DIMENSIONS + d) - 1)
               for d in range(DIMENSIONS)]


def cluster_here():
    """The spread of each iteration, the centres and the sizes of their clusters, by exact sums."""
    points = list(all_points())
    centres, spreads = points[:CLUSTERS], []
    while True:
        members, distances = [[] for _ in centres], []
        for point in points:
            distance, k = min((math.dist(point, centre) ** 2, k) for k, centre in enumerate(centres))
            members[k].append(point)
            distances.append(distance)
        spreads.append(math.fsum(distances))
        before, centres = centres, [[math.fsum(axis) / len(own) for axis in zip(*own)] if own else centre
                                    for own, centre in zip(members, centres)]
        if centres == before:
            return spreads, centres, [len(own) for own in members]


def near(got, right):
    return len(got) == len(right) and all(math.isclose(a, b, rel_tol=1e-9) for a, b in zip(got, right))


def centres_match_an_exact_calculation(world):
    output = run(world, 2)
    spreads, centres, sizes = cluster_here()
    expect(near([float(one) for one in re.findall("spread (.*)", output)], spreads), "not %s:\n%s" % (spreads, output))
    lines = re.findall(r"centre (.*): (\d+) points", output)
    expect([int(size) for _, size in lines] == sizes, "not %s:\n%s" % (sizes, output))
    for (line, _), centre in zip(lines, centres):
        expect(near([float(one) for one in line.split()], centre), "not %s: %s" % (centre, line))
    expect(len(spreads) > 5, "too few iterations to prove anything")


def output_does_not_depend_on_the_node_count(world):
    output = [run(world, nodes) for nodes in (1, 2, 4)]
    expect(output[0].count("iteration") > 5, output[0])
    expect(output[0] == output[1] == output[2], "\n".join(output))


def wrong_flags_are_rejected(world):
    for flag, value in (("--points", "1"), ("--clusters", "0"), ("--seed", "x"), ("--centres", "1")):
        job = world.start("--inline", flag, value).ends(2)
        expect(flag in job.stderr() and "own flags: --points N" in job.stderr(), job.stderr())


main([centres_match_an_exact_calculation, output_does_not_depend_on_the_node_count, wrong_flags_are_rejected])
