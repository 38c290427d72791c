#!/usr/bin/env python3
"""Compares the prices of `options` with a closed form of its own, its sums with sums of what it lists, and its output on
1, 4 and 16 node processes, some of them killed, byte for byte.

usage: options.py PROGRAM
"""

import math
import os
import re
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "processes"))
from support import children, expect, main, stat, until  # noqa: E402

TRADES, SHOCKS = 400, 20_000
FLAGS = ["--trades", str(TRADES), "--shocks", str(SHOCKS), "--seed", "11", "--list"]
REFUSED = {80: "the volatility must be positive", 160: "the spot must be positive", 240: "the option has expired"}
CRASHES = 320
known = {}  # the output of the first run


def run(world, nodes):
    return world.start("--local", str(nodes), "--log", "info", *FLAGS)


def check_output(job):
    """It must exit with code 3 and write the same as every other run."""
    job.ends(3)
    first = known.setdefault("output", job.stdout())
    if job.stdout() != first:
        pairs = [pair for pair in zip(first.splitlines(), job.stdout().splitlines()) if pair[0] != pair[1]]
        expect(False, "%s wrote something else, such as %s" % (job.arguments, pairs[:1]))
    return first


def check_failures(job):
    """Failures are named on stdout regardless of the node that ran them, and on stderr with the known facts."""
    failed = [line for line in job.stdout().splitlines() if line.startswith("failed")]
    right = ["failed: trade %d, method_failed" % number for number in REFUSED]
    expect(failed == right + ["failed: trade %d, poisoned" % CRASHES], "failed: %s" % failed)
    for number, why in list(REFUSED.items()) + [(CRASHES, "died while running it")]:
        expect(re.search(r"input %d .*spot.*: Pricer\.simulate.*%s" % (number, why), job.stderr()), job.stderr())
    expect(len(re.findall("the process of node .* ended: signal 6", job.stderr())) == 3, "not three crashes: " + job.stderr())


def call_and_put(spot, strike, years, rate, volatility):
    def below(x):
        return (1 + math.erf(x / math.sqrt(2))) / 2

    spread = volatility * math.sqrt(years)
    d1 = (math.log(spot / strike) + (rate + volatility ** 2 / 2) * years) / spread
    later = strike * math.exp(-rate * years)
    call = spot * below(d1) - later * below(d1 - spread)
    return call, call - spot + later


def near(got, right, what, tolerance):
    expect(abs(got - right) <= tolerance, "%s: %r instead of %r" % (what, got, right))


def check_numbers(output):
    sums = {"call": 0.0, "closed": 0.0, "variance": 0.0, "beyond": 0}
    lines = re.findall(r"trade (\d+): spot (.*)", output)
    expect([int(number) for number, _ in lines] ==
           [n for n in range(TRADES) if n not in REFUSED and n != CRASHES], "trades are missing from the list")
    for number, line in lines:
        spot, strike, years, rate, volatility, call, put, error = map(float, line.split()[::2])
        closed = call_and_put(spot, strike, years, rate, volatility)
        # Four hundred calls and puts at once: 5 standard errors never occur by chance, 3 now and then.
        near(call, closed[0], "call " + number, 5 * error)
        # The error of a put is that of the call or of the share, whichever is greater.
        near(put, closed[1], "put " + number, 5 * (error + spot * math.sqrt(math.expm1(volatility ** 2 * years) / SHOCKS)))
        sums["call"] += call
        sums["closed"] += closed[0]
        sums["variance"] += error ** 2
        sums["beyond"] += abs(call - closed[0]) > 3 * error
    total = float(re.search(r"^Monte Carlo (.*)$", output, re.M).group(1))
    expect(total == sums["call"], "the total is %r, but what is listed adds up to %r" % (total, sums["call"]))
    near(float(re.search(r"^closed form (.*)$", output, re.M).group(1)), sums["closed"], "closed form", 1e-9 * total)
    near(total, sums["closed"], "the book", 3 * math.sqrt(sums["variance"]))
    expect("more than three off: %d of %d trades\n" % (sums["beyond"], TRADES - 4) in output, output[-500:])
    expect(sums["beyond"] <= TRADES * 0.02, "%d trades are off" % sums["beyond"])
    gap = float(re.search(r"parity (.*)$", output, re.M).group(1))
    near(gap, 0, "put-call parity", 1e-12)


def one_node_prices_the_book(world):
    job = run(world, 1)
    output = check_output(job)
    check_failures(job)
    check_numbers(output)


def four_and_sixteen_nodes_write_the_same(world):
    for nodes in (4, 16):
        job = run(world, nodes)
        check_output(job)
        check_failures(job)


def kill_a_working_one(job, but):
    """Kills a node process that has been calculating for some time, and returns its number."""
    def victim():
        expect(job.running(), "the job ended before anything was killed")
        for child in children(job.pid) - but:
            try:
                if stat(child, 11) > idle.setdefault(child, stat(child, 11)) + 1:  # ticks of 10 ms
                    return child
            except OSError:
                pass
        return None

    idle = {}
    number = until("a node that works", victim)
    os.kill(number, signal.SIGKILL)
    return number


def killed_nodes_do_not_change_the_output(world):
    job = run(world, 4)
    job.says("node local1 joined")
    gone = {kill_a_working_one(job, set())}
    gone.add(kill_a_working_one(job, gone))
    check_output(job)
    expect(len(re.findall("the process of node .* ended: signal 9", job.stderr())) == 2, "not two kills: " + job.stderr())


def wrong_flags_are_rejected(world):
    for flag, value in (("--trades", "4"), ("--trades", "x"), ("--shocks", "99"), ("--greeks", "1")):
        job = world.start("--inline", flag, value).ends(2)
        expect(flag in job.stderr() and "own flags: --trades N" in job.stderr(), job.stderr())


main([one_node_prices_the_book, four_and_sixteen_nodes_write_the_same, killed_nodes_do_not_change_the_output,
      wrong_flags_are_rejected])
