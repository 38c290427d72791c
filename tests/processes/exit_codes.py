#!/usr/bin/env python3
"""Exit codes, and that stdout holds the job's output and nothing else."""

import os
import signal

from support import World, expect, main


def done(world):
    for flags in (["--inline"], ["--local", "2"]):
        job = world.start(*flags, "sum", "100").ends(0)
        expect(job.stdout() == "328350\n", "stdout: " + job.stdout())
        expect(job.stderr() == "", "stderr: " + job.stderr())


def done_with_much_to_say(world):
    job = world.start("--local", "1", "-v", "sum", "100").ends(0)
    expect(job.stdout() == "328350\n", "stdout: " + job.stdout())
    expect("joined" in job.stderr(), "stderr: " + job.stderr())


def failed(world):
    job = world.start("--inline", "throw").ends(1)
    expect("the job has had enough" in job.stderr() and job.stdout() == "", job.stderr())


def a_call_that_failed(world):
    # Each node process dies with it and is started again, until it is known as poison.
    job = world.start("--local", "1", "poison").ends(1)
    expect("Work.crash" in job.stderr() and job.stdout() == "", job.stderr())


def wrong_use(world):
    for arguments in (["--local", "0"], ["--inline", "--join", "a:1"], ["--inline", "nonsense"], ["--inline"],
                      ["--master", "0.0.0.0:0", "serve"], ["--secret-file", "/no/such/file", "--inline", "serve"]):
        job = world.start(*arguments).ends(2)
        expect(job.stdout() == "" and job.stderr() != "", str(arguments))


def help_and_version(world):
    expect("usage: " in world.start("--help").ends(0).stdout(), "no usage")
    expect("dist" in world.start("--version").ends(0).stdout(), "no version")


def no_master(world):
    # A port that was free a moment ago.
    master = world.master()
    master.signal(signal.SIGTERM)
    master.ends(130)
    job = world.start("--connect", master.at, "sum", "3").ends(4)
    expect(master.at in job.stderr() and job.stdout() == "", job.stderr())


def the_jobs_own_code(world):
    world.start("--inline", "code", "3").ends(3)


def interrupted(world):
    for number in (signal.SIGINT, signal.SIGTERM):
        job = world.start("--local", "1", "-v", "until_cancelled", world.path("seen%d" % number))
        job.says("Work.until_cancelled: to local1")
        job.signal(number)
        job.ends(130)
        expect(job.stdout() == "", job.stdout())


main([done, done_with_much_to_say, failed, a_call_that_failed, wrong_use, help_and_version, no_master, the_jobs_own_code,
      interrupted])
