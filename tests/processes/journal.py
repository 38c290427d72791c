#!/usr/bin/env python3
"""--journal: what has finished is not computed again by the next run, and its output is the same."""

import collections
import csv
import io
import json
import os
import random
import re
import resource
import signal
import sqlite3
import subprocess
import sys

from support import World, children, expect, free_port, gone, main, say, until

REUSED = re.compile(r"dist: journal: (.*)\n")


class Journals(World):
    """A world whose processes share one journal and count the executions of their methods."""

    def __enter__(self):
        self.journal = self.path("run.journal")
        return super().__enter__()

    def run(self, *words, role=("--local", "2"), program=None, journal=True, **environment):
        """Starts a job."""
        self.program, kept = program or self.program, self.program
        variables = {"EXECUTIONS": self.path("executions"), **environment}
        flags = ("--journal", self.journal) if journal else ()
        try:
            return self.start(*role, *flags, *map(str, words), environment=variables)
        finally:
            self.program = kept

    def executions(self):
        return [int(word) for word in self.lines("executions")]

    def forget_executions(self):
        if os.path.exists(self.path("executions")):
            os.remove(self.path("executions"))

    def query(self, text):
        with sqlite3.connect("file:%s?mode=ro" % self.journal, uri=True) as database:
            return database.execute(text).fetchall()

    def committed(self):
        return {row[0] for row in self.query("select input from results where state = 'finished'")}

    def kill_at(self, job, executions):
        """Kills a job once so many methods have begun, and waits until its nodes are gone too."""
        until("%d executions" % executions, lambda: len(self.executions()) >= executions or not job.running())
        nodes = children(job.pid)
        job.signal(signal.SIGKILL)
        job.child.wait()
        for one in nodes:
            until("the end of node %d" % one, lambda: gone(one))


def given(name):
    """A path from the command line: `--dist=PATH`."""
    return next((one.split("=", 1)[1] for one in sys.argv if one.startswith("--%s=" % name)), None)


def reused(job):
    """The lines about the journal."""
    return REUSED.findall(job.stderr())


def second_run_makes_no_call(world):
    for words in (("map_reduce", 3000), ("map", 300), ("nothing", 300), ("try_map", 300), ("collect", 300),
                  ("as_completed", 300), ("large", 300)):
        world.journal = world.path(words[0])
        plain = world.run(*words, journal=False).ends(0)
        first = world.run(*words).ends(0)
        expect(first.stdout() == plain.stdout(), "%s: other output with a journal" % words[0])
        expect(not reused(first), first.stderr())
        world.forget_executions()
        again = world.run(*words).ends(0)
        expect(again.stdout() == plain.stdout(), "%s: other output from the journal" % words[0])
        expect(not world.executions(), "%s: executed %s" % (words[0], world.executions()[:10]))
        expect(len(reused(again)) == 1 and re.match(r"([\d,]+) of \1 results reused, 0 to do \(Work\.\w+#1\)$",
                                                    reused(again)[0]), again.stderr())
        expect("journal" not in first.stderr() + plain.stderr(), first.stderr())


def first_answer_stays_the_answer(world):
    first = world.run("any", 3000).ends(0)
    expect(int(first.stdout()) % 7 == 5, first.stdout())
    for _ in range(5):
        expect(world.run("any", 3000).ends(0).stdout() == first.stdout(), "another answer")


def killed_job_goes_on(world):
    """Kills at random points; then every execution is accounted for."""
    count = 3000
    whole = world.run("map_reduce", count, journal=False).ends(0).stdout()
    chance = random.Random(7)
    for attempt in range(3):
        world.journal = world.path("run%d" % attempt)
        expected = collections.Counter()
        world.forget_executions()
        for _ in range(5):
            before = len(world.executions())
            done = world.committed() if os.path.exists(world.journal) else set()
            job = world.run("map_reduce", count, TAKES_US="200")
            world.kill_at(job, before + chance.randrange(1, count // 6))
            ran = world.executions()[before:]
            expect(len(set(ran)) == len(ran), "twice in one run")
            expect(not done & set(ran), "executed although recorded: %s" % sorted(done & set(ran))[:10])
            expected.update(ran)
            lost = set(ran) - world.committed()
            say("killed after %d executions, %d of them not recorded" % (len(ran), len(lost)))
            expect(len(lost) < 200, "%d results were lost" % len(lost))
        done = world.committed()
        last = world.run("map_reduce", count).ends(0)
        expected.update(set(range(count)) - done)
        expect(last.stdout() == whole, "%s is not %s" % (last.stdout(), whole))
        expect(collections.Counter(world.executions()) == expected, "executions differ")
        expect(reused(last)[0].startswith("{:,} of {:,} results reused, {:,} to do".format(len(done), count, count - len(done))),
               last.stderr())


def every_role_of_a_job_has_it(world):
    master = world.start("--master", "127.0.0.1:%d" % free_port(), "--min-nodes", "1", "--log", "info",
                         "--journal", world.path("master"), "map_reduce", "200",
                         environment={"EXECUTIONS": world.path("executions")})
    at = "127.0.0.1:%s" % master.says(r"listening on [^ ]*:(\d+)").group(1)
    world.start("--join", at, environment={"EXECUTIONS": world.path("executions"), "DIST_JOURNAL": world.path("node")})
    master.ends(0)
    whole = master.stdout()
    expect(not os.path.exists(world.path("node")), "a node has a journal")
    world.forget_executions()
    world.journal = world.path("master")
    expect(world.run("map_reduce", 200, role=("--inline",)).ends(0).stdout() == whole, "inline")
    expect(not world.executions(), "executed")
    world.journal = world.path("inline")
    expect(world.run("map_reduce", 200, role=("--inline",)).ends(0).stdout() == whole, "inline")
    expect(len(world.executions()) == 200, "not executed")
    world.forget_executions()

    server = world.start("--master", "127.0.0.1:%d" % free_port(), "--min-nodes", "9", "--log", "info", "any", "1")
    at = "127.0.0.1:%s" % server.says(r"listening on [^ ]*:(\d+)").group(1)
    world.start("--join", at, environment={"EXECUTIONS": world.path("executions")})
    world.journal = world.path("connected")
    expect(world.run("map_reduce", 200, role=("--connect", at)).ends(0).stdout() == whole, "connected")
    expect(len(world.executions()) == 200, "not executed")
    world.forget_executions()
    again = world.run("map_reduce", 200, role=("--connect", at)).ends(0)
    expect(again.stdout() == whole and not world.executions(), "connected again")


def failed_inputs_are_tried_again(world):
    world.run("collect", 100, FAIL="1").ends(0)
    expect(world.query("select count(*) from results where state = 'failed' and fault_json like '%method_failed%'")
           == [(10,)], "failures")
    world.forget_executions()
    job = world.run("collect", 100).ends(0)
    expect(sorted(world.executions()) == list(range(0, 100, 10)), "executed %s" % world.executions())
    expect(reused(job) == ["90 of 100 results reused, 10 to do, 10 inputs failed before and tried again (Work.third#1)"],
           job.stderr())


def map_that_failed_goes_on(world):
    world.run("map_reduce", 100, FAIL="1").ends(1)
    done = world.committed()
    world.forget_executions()
    world.run("map_reduce", 100).ends(0)
    expect(set(world.executions()) == set(range(100)) - done, "executed %s" % world.executions())


def changed_inputs_are_computed_anew(world):
    world.run("map_reduce", 100).ends(0)
    world.forget_executions()
    job = world.run("map_reduce", 100, CHANGED="40").ends(0)
    expect(world.executions() == [1_000_040], "executed %s" % world.executions())
    expect(reused(job) == ["99 of 100 results reused, 1 to do, 1 input changed (Work.third#1)"], job.stderr())
    expect(job.stdout() == world.run("map_reduce", 100, CHANGED="40", journal=False).ends(0).stdout(), "wrong result")
    job = world.run("map_reduce", 50, CHANGED="40").ends(0)
    expect("50 of 50 results reused, 0 to do, results of inputs that are gone are left in the file" in reused(job)[0],
           job.stderr())


def another_version_computes_anew(world):
    other = given("other")
    world.run("map_reduce", 100).ends(0)
    world.run("map", 10).ends(0)
    world.forget_executions()
    job = world.run("map_reduce", 100, program=other).ends(0)
    expect(len(world.executions()) == 100, "executed %d" % len(world.executions()))
    expect("0 of 100 results reused, 100 to do, 100 inputs computed by another version (Work.third#1)" == reused(job)[0],
           job.stderr())
    expect("1 fan-out of earlier runs did not happen in this one: Work.text#1; the results stay in the file" in
           reused(job)[-1], job.stderr())
    world.forget_executions()
    job = world.run("map", 10, program=other).ends(0)
    expect(not world.executions(), "executed")
    expect("another build of this program computed some of the reused results" in job.stderr(), job.stderr())


def label_used_twice_is_reported(world):
    job = world.run("two", 10).ends(0)
    expect("the label 'both' is already that of another fan-out of this run; this one is 'both#2'" in job.stderr(),
           job.stderr())
    world.forget_executions()
    world.run("two", 10).ends(0)
    expect(not world.executions(), "executed")
    expect([row[0] for row in world.query("select name from works order by name")] == ["both", "both#2"], "names")


def results_are_readable_while_it_runs(world):
    job = world.run("map", 4, LAST_WAITS_FOR=world.path("go"), LAST="3")
    until("three results", lambda: os.path.exists(world.journal) and os.path.getsize(world.journal) > 0 and
          world.query("select count(*) from sqlite_master where name = 'results'") == [(1,)] and
          len(world.committed()) == 3)
    expect(world.query("select input, result_json from results order by input") ==
           [(0, '"text 0"'), (1, '"text 1"'), (2, '"text 2"')], "results")
    second = world.run("map", 4).ends(2)
    expect(": in use by another process; wait until that has ended, or give another file" in second.stderr(),
           second.stderr())
    open(world.path("go"), "w", encoding="utf-8").close()
    job.ends(0)


def unusable_file_is_an_error(world):
    for path, problem in ((world.path("no/such/folder"), "No such file or directory; create its folder first"),
                          ("/proc/self/journal", "No such file or directory"),
                          (world.path("."), "Is a directory; give the name of a file")):
        world.journal = path
        for role in (("--local", "1"), ("--inline",), ("--master", "127.0.0.1:0")):
            job = world.run("map", 1, role=role).ends(2)
            expect("--journal %s: %s" % (path, problem) in job.stderr(), job.stderr())
    world.journal = world.path("table.csv")
    with open(world.journal, "w", encoding="utf-8") as file:
        file.write("a,b\n" * 1000)
    job = world.run("map", 1).ends(2)
    expect("not a journal; give the name of a journal, or of a file that does not exist yet" in job.stderr(), job.stderr())
    with open(world.journal, encoding="utf-8") as file:
        expect(file.read() == "a,b\n" * 1000, "it was changed")
    job = world.run("map", 1, role=("--join", "localhost:1")).ends(2)
    expect("--journal: not allowed with --join; give it to the job's process" in job.stderr(), job.stderr())


def full_disk_does_not_stop_the_job(world):
    """A limit on the size of files has the effect of a full disk, and can be lifted."""
    role = ("-c", "trap '' XFSZ; exec \"$@\"", "sh", world.program, "--local", "2")
    job = world.run("large", 300, program="/bin/sh", role=role, LAST_WAITS_FOR=world.path("go"), LAST="299")
    resource.prlimit(job.pid, resource.RLIMIT_FSIZE, (2 << 20, resource.RLIM_INFINITY))
    job.says(r"journal .* cannot be written: .*; the job goes on, [\d,]+ results? waits? to be written")
    resource.prlimit(job.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    job.says(r"journal .* is written again")
    open(world.path("go"), "w", encoding="utf-8").close()
    job.ends(0)
    expect(job.stderr().count("cannot be written") == 1, job.stderr())
    expect(len(world.committed()) == 300, "%d results" % len(world.committed()))


def dist(*words, code=0):
    """Runs the command to its end; its outputs."""
    program = given("dist")
    done = subprocess.run([program, *words], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
                          check=False)
    expect(done.returncode == code, "dist %s ended with %s:\n%s%s" % (words, done.returncode, done.stdout, done.stderr))
    return done.stdout, done.stderr


def command_shows_and_exports_it(world):
    world.run("collect", 20, FAIL="1").ends(0)
    world.run("map", 2).ends(0)
    lines = dist("journal", world.journal)[0].splitlines()
    expect(re.match(r"FAN-OUT +METHOD +INPUTS +FINISHED +FAILED +RUN TIME +LONGEST$", lines[0]), lines)
    expect(re.match(r"Work\.third#1 +Work\.third +20 +18 +2 +\d+\.\d s +\d+\.\d s$", lines[1]), lines)
    expect(re.match(r"Work\.text#1 +Work\.text +2 +2 +0 ", lines[2]), lines)
    expect(re.match(r"NODE +FINISHED +FAILED +RUN TIME$", lines[4]) and re.match(r"local\d +\d+ ", lines[5]), lines)
    shown = json.loads(dist("journal", world.journal, "--json")[0])
    expect([(one["name"], one["inputs"], one["finished"], one["failed"]) for one in shown["fan_outs"]] ==
           [("Work.third#1", 20, 18, 2), ("Work.text#1", 2, 2, 0)], shown)
    expect(sum(one["finished"] for one in shown["nodes"]) == 20, shown)

    rows = list(csv.DictReader(io.StringIO(dist("journal", world.journal, "--export", "csv")[0])))
    expect(len(rows) == 22, rows)
    expect([rows[20][name] for name in ("fan_out", "input", "state", "result")] ==
           ["Work.text#1", "0", "finished", '"text 0"'], rows[20])
    expect(rows[10]["state"] == "failed" and json.loads(rows[10]["fault"])["arguments"] == [10], rows[10])
    lines = [json.loads(line) for line in dist("journal", world.journal, "--export", "jsonl")[0].splitlines()]
    expect(len(lines) == 22 and lines[3]["result"] == 1.0 and lines[3]["node"].startswith("local"), lines[3])
    expect(lines[0]["fault"]["message"] == "0 fails" and "result" not in lines[0], lines[0])


def command_rejects_other_files(world):
    for words, problem in (((world.path("none"),), "none: No such file or directory; give the file of a job's --journal"),
                           ((__file__,), "file is not a database"),
                           ((world.path("none"), "--export", "xml"), "--export: expected csv or jsonl, got 'xml'"),
                           ((), "usage: dist journal FILE")):
        expect(problem in dist("journal", *words, code=2)[1], "%s: %s" % (words, problem))
    expect("--export: only allowed with journal" in dist("nodes", "--export", "csv", code=2)[1], "nodes")


if __name__ == "__main__":
    main([second_run_makes_no_call, first_answer_stays_the_answer, killed_job_goes_on, every_role_of_a_job_has_it,
          failed_inputs_are_tried_again, map_that_failed_goes_on, changed_inputs_are_computed_anew,
          another_version_computes_anew, label_used_twice_is_reported, results_are_readable_while_it_runs,
          unusable_file_is_an_error, full_disk_does_not_stop_the_job,
          *([command_shows_and_exports_it, command_rejects_other_files] if given("dist") else [])], Journals)
