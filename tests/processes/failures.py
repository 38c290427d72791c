#!/usr/bin/env python3
"""The file of --failures: one line of JSON per failed call, as many as the account counts."""

import json
import os
import re
import urllib.request

from support import expect, main


def lines_of(file):
    with open(file, encoding="utf-8") as text:
        return [json.loads(line) for line in text]


def check_halves(lines, nodes):
    expect(sorted(one["arguments"] for one in lines) == [[1], [3], [5], [7], [9]], "arguments: %s" % lines)
    for one in lines:
        expect(one["method"] == "Work.half" and one["code"] == "method_failed", "what: %s" % one)
        expect(one["message"] == "%d is odd" % one["arguments"][0], "message: %s" % one)
        expect(one["node"] in nodes and one["known"] == "executed", "where: %s" % one)


def failed_calls_of_a_job_are_written(world):
    file = world.path("failures.json")
    job = world.start("--local", "2", "--min-nodes", "2", "--log", "info", "--failures", file, "halves", "10").ends(0)
    expect(job.stdout() == "5\n", "halves: " + job.stdout())
    expect(os.stat(file).st_mode & 0o777 == 0o600, "its arguments can be read by others: %o" % os.stat(file).st_mode)
    check_halves(lines_of(file), ("local1", "local2"))
    expect(re.search(r"10 calls on 2 nodes in .*, 5 failed: see %s\n" % re.escape(file), job.stderr()), job.stderr())


def failed_calls_of_a_connected_job_are_written(world):
    file = world.path("failures.json")
    master = world.master(job=("serve",))
    world.nodes(master, ["a"])
    job = world.start("--connect", master.at, "--log", "info", "--failures", file, "halves", "10").ends(0)
    check_halves(lines_of(file), ("a",))
    expect(", 5 failed: see %s\n" % file in job.stderr(), job.stderr())


def failures_are_written_immediately(world):
    file = world.path("failures.json")
    master = world.master("--failures", file)
    world.nodes(master, ["a"])
    for number in (3, 4, 5):
        request = json.dumps({"jsonrpc": "2.0", "method": "Work.half", "params": [number], "id": 1}).encode()
        with urllib.request.urlopen(urllib.request.Request("http://%s/rpc" % master.at, request), timeout=30) as answer:
            expect(("error" in json.load(answer)) == (number % 2 == 1), "half of %d" % number)
    expect([one["arguments"] for one in lines_of(file)] == [[3], [5]], "while it runs: %s" % lines_of(file))


def file_is_empty_without_failures(world):
    file = world.path("failures.json")
    with open(file, "w", encoding="utf-8") as old:
        old.write("of another run\n")
    job = world.start("--inline", "--log", "info", "--failures", file, "sum", "3").ends(0)
    expect(os.path.getsize(file) == 0, "in the file: " + open(file, encoding="utf-8").read())
    expect("3 calls on" in job.stderr() and "see" not in job.stderr(), job.stderr())


def unwritable_file_is_an_error(world):
    job = world.start("--inline", "--failures", "/no/such/folder/file", "sum", "1").ends(2)
    expect("--failures /no/such/folder/file: No such file or directory" in job.stderr(), job.stderr())
    expect(job.stdout() == "", "the job ran: " + job.stdout())
    job = world.start("--join", "localhost:1", "--failures", "file").ends(2)
    expect("--failures: not allowed with --join; give it to the job's process" in job.stderr(), job.stderr())


if __name__ == "__main__":
    main([failed_calls_of_a_job_are_written, failed_calls_of_a_connected_job_are_written,
          failures_are_written_immediately, file_is_empty_without_failures, unwritable_file_is_an_error])
