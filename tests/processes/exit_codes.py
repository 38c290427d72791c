#!/usr/bin/env python3
"""Exit codes, and that stdout contains only the job's output."""

import os
import signal

from support import World, expect, main


def successful_job_exits_with_0_and_is_quiet(world):
    for flags in (["--inline"], ["--local", "2"]):
        job = world.start(*flags, "sum", "100").ends(0)
        expect(job.stdout() == "328350\n", "stdout: " + job.stdout())
        expect(job.stderr() == "", "stderr: " + job.stderr())


def verbose_log_goes_to_stderr_only(world):
    job = world.start("--local", "1", "-v", "sum", "100").ends(0)
    expect(job.stdout() == "328350\n", "stdout: " + job.stdout())
    expect("joined" in job.stderr(), "stderr: " + job.stderr())


def failed_job_exits_with_1(world):
    job = world.start("--inline", "throw").ends(1)
    expect("the job has had enough" in job.stderr() and job.stdout() == "", job.stderr())


def poisoned_call_exits_with_1(world):
    # Each node process dies with the call and is restarted, until the call is poisoned.
    job = world.start("--local", "1", "poison").ends(1)
    expect("Work.crash" in job.stderr() and job.stdout() == "", job.stderr())


def wrong_use_exits_with_2(world):
    for arguments in (["--local", "0"], ["--inline", "--join", "a:1"], ["--inline", "nonsense"], ["--inline"],
                      ["--master", "0.0.0.0:0", "serve"], ["--secret-file", "/no/such/file", "--inline", "serve"]):
        job = world.start(*arguments).ends(2)
        expect(job.stdout() == "" and job.stderr() != "", str(arguments))


def help_and_version_exit_with_0(world):
    expect("usage: " in world.start("--help").ends(0).stdout(), "no usage")
    expect("dist" in world.start("--version").ends(0).stdout(), "no version")


def missing_master_exits_with_4(world):
    # A port that was in use a moment ago.
    master = world.master()
    master.signal(signal.SIGTERM)
    master.ends(130)
    job = world.start("--connect", master.at, "sum", "3").ends(4)
    expect(master.at in job.stderr() and job.stdout() == "", job.stderr())


def exit_code_of_the_job_is_passed_on(world):
    world.start("--inline", "code", "3").ends(3)


def interrupted_job_exits_with_130(world):
    for number in (signal.SIGINT, signal.SIGTERM):
        job = world.start("--local", "1", "-v", "until_cancelled", world.path("seen%d" % number))
        job.says("Work.until_cancelled: to local1")
        job.signal(number)
        job.ends(130)
        expect(job.stdout() == "", job.stdout())


main([successful_job_exits_with_0_and_is_quiet, verbose_log_goes_to_stderr_only, failed_job_exits_with_1,
      poisoned_call_exits_with_1, wrong_use_exits_with_2, help_and_version_exit_with_0, missing_master_exits_with_4,
      exit_code_of_the_job_is_passed_on, interrupted_job_exits_with_130])
