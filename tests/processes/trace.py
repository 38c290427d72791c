#!/usr/bin/env python3
"""The timeline of --trace: valid JSON whose rows hold one call at a time, and as many calls as the account counts."""

import collections
import json
import os
import re
import signal
import urllib.request

from support import expect, main, say, until


def events_of(file):
    with open(file, encoding="utf-8") as text:
        return json.load(text)


def slices(events, category):
    return [one for one in events if one["ph"] == "X" and one["cat"].startswith(category)]


def processes(events):
    return {one["pid"]: one["args"]["name"] for one in events if one["ph"] == "M" and one["name"] == "process_name"}


def check_rows(events):
    """Slices of one row must not overlap."""
    rows = collections.defaultdict(list)
    for one in events:
        if one["ph"] == "X":
            expect(one["dur"] >= 0 and one["ts"] >= 0, "a slice out of time: %s" % one)
            rows[one["pid"], one["tid"]].append((one["ts"], one["ts"] + one["dur"]))
    for row, times in rows.items():
        times.sort()
        for before, after in zip(times, times[1:]):
            expect(before[1] <= after[0], "row %s: %s and %s overlap" % (row, before, after))
    names = processes(events)
    expect(all(pid in names for pid, _ in rows), "rows without a name: %s of %s" % (rows.keys(), names))


def calls_of_a_job_are_recorded(world):
    file = world.path("trace.json")
    job = world.start("--local", "2", "--min-nodes", "2", "--log", "info", "--trace", file, "slow_sum", "12", "20",
                      world.path("log")).ends(0)
    account = re.search(r"(\d+) calls on 2 nodes", job.stderr())
    events = events_of(file)
    check_rows(events)
    calls = slices(events, "call")
    expect(account and len(calls) == int(account[1]) == 12, "%s of %s" % (account, calls))
    expect({one["args"]["call"] for one in calls} == set(range(1, 13)), "the calls' numbers: %s" % calls)
    for one in calls:
        args = one["args"]
        expect(args["method"] == "Work.slow" and args["outcome"] == "ok" and args["attempt"] == 1, "args: %s" % args)
        # Sent before and answered after the run, which the node measured.
        expect(20000 <= args["ran_us"] <= one["dur"] + 1000, "a run of 20 ms: %s" % one)
    names = processes(events)
    expect({names[one["pid"]] for one in calls} == {"local1", "local2"}, "nodes: %s" % names)
    waits = slices(events, "waiting")
    expect(waits and {names[one["pid"]] for one in waits} == {"waiting for a node"}, "waits: %s" % waits)
    say("%d events, %d waits" % (len(events), len(waits)))


def both_attempts_of_a_moved_call_are_recorded(world):
    file = world.path("trace.json")
    log = world.path("log")
    master = world.master("--trace", file, job=("slow_sum", "1", "2000", log))
    world.nodes(master, ["a"])
    pid = int(until("the call to run", lambda: world.lines("log"))[0])
    world.node(master, "b")
    os.kill(pid, signal.SIGKILL)
    master.ends(0)
    events = events_of(file)
    check_rows(events)
    first, second = sorted(slices(events, "call"), key=lambda one: one["ts"])
    names = processes(events)
    expect(first["args"]["outcome"] == "lost" and names[first["pid"]] == "a", "first: %s" % first)
    expect(first["name"] == "Work.slow: lost" and first["args"]["why"], "first: %s" % first)
    expect(second["args"]["outcome"] == "ok" and names[second["pid"]] == "b", "second: %s" % second)
    expect(second["args"]["attempt"] == 2 and second["args"]["call"] == first["args"]["call"], "second: %s" % second)
    arrow = {one["ph"]: (one["pid"], one["tid"]) for one in events if one.get("cat") == "again"}
    expect(arrow == {"s": (first["pid"], first["tid"]), "f": (second["pid"], second["tid"])}, "the arrow: %s" % arrow)


def connected_job_records_waiting_and_running_time(world):
    file = world.path("trace.json")
    master = world.master(job=("serve",))
    world.nodes(master, ["a"])
    job = world.start("--connect", master.at, "--log", "info", "--trace", file, "slow_sum", "5", "10", world.path("log")).ends(0)
    expect(re.search(r"dist: 5 calls at the master in [\d.]+ s\n", job.stderr()), job.stderr())
    events = events_of(file)
    check_rows(events)
    calls = slices(events, "call")
    expect(len(calls) == 5, "calls: %s" % calls)
    expect({processes(events)[one["pid"]] for one in calls} == {"calls at the master"}, "rows: %s" % processes(events))
    # The master passes on how long the method ran: the rest is waiting and transit.
    expect(all(10000 <= one["args"]["ran_us"] <= one["dur"] + 1000 for one in calls), "runs: %s" % calls)


def traceparent_is_recorded(world):
    file = world.path("trace.json")
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    master = world.master("--trace", file)
    world.nodes(master, ["a"])
    for headers in ({"traceparent": trace}, {}):
        request = json.dumps({"jsonrpc": "2.0", "method": "Work.trace", "params": [], "id": 1}).encode()
        with urllib.request.urlopen(urllib.request.Request("http://%s/rpc" % master.at, request, headers), timeout=30) as answer:
            expect(json.load(answer)["result"] == headers.get("traceparent", ""), "what the method reads")
    master.signal(signal.SIGINT)
    master.ends(130)
    calls = slices(events_of(file), "call")
    expect([one["args"].get("traceparent") for one in calls] == [trace, None], "calls: %s" % calls)


def killed_job_leaves_valid_json(world):
    file = world.path("trace.json")
    log = world.path("log")
    job = world.start("--local", "1", "--heartbeat", "50ms", "--lost-after", "1s", "--trace", file, "slow_sum", "100000", "1", log)
    # Its wait for the node is recorded earlier, under the same name.
    until("a call in the file", lambda: os.path.exists(file) and '"cat":"call"' in open(file).read())
    job.signal(signal.SIGKILL)
    job.ends(-signal.SIGKILL)
    events = events_of(file)
    check_rows(events)
    expect(slices(events, "call"), "no call: %s" % events)


def unwritable_file_is_an_error(world):
    job = world.start("--inline", "--trace", "/no/such/folder/file", "sum", "1").ends(2)
    expect("--trace /no/such/folder/file: No such file or directory" in job.stderr(), job.stderr())
    expect(job.stdout() == "", "the job ran: " + job.stdout())
    job = world.start("--join", "localhost:1", "--trace", "file").ends(2)
    expect("not allowed with --join" in job.stderr(), job.stderr())


if __name__ == "__main__":
    main([calls_of_a_job_are_recorded, both_attempts_of_a_moved_call_are_recorded,
          connected_job_records_waiting_and_running_time, traceparent_is_recorded, killed_job_leaves_valid_json,
          unwritable_file_is_an_error])
