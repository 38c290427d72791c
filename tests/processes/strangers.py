#!/usr/bin/env python3
"""Several jobs on one master, and secrets."""

import os
import signal

from support import World, expect, main, status, until


def two_jobs_on_one_master(world):
    master = world.master()
    for name in ("a", "b"):
        world.node(master, name)
    world.joined(master, 2)
    doomed = world.start("--connect", master.at, "until_cancelled", world.path("doomed"))
    until("its call", lambda: world.lines("doomed"))
    other = world.start("--connect", master.at, "slow_sum", "20", "20", world.path("other"))
    until("the other's", lambda: world.lines("other"))
    doomed.signal(signal.SIGKILL)
    doomed.ends(-signal.SIGKILL)
    until("the cancellation", lambda: "cancelled" in world.lines("doomed"))
    other.ends(0)
    expect(other.stdout() == "20\n", other.stdout())
    until("no lease left", lambda: status(master)["in_use"] == 0)


def secret(world, name, text, mode=0o600):
    path = world.path(name)
    with open(path, "w") as file:
        file.write(text + "\n")
    os.chmod(path, mode)
    return path


def the_right_secret(world):
    right = secret(world, "right", "a secret of a good length")
    master = world.master("--secret-file", right)
    node = world.node(master, "a", "--secret-file", right)
    node.says("joined the master")
    job = world.start("--connect", master.at, "--secret-file", right, "sum", "10").ends(0)
    expect(job.stdout() == "285\n", job.stdout())


def a_wrong_or_missing_secret(world):
    right = secret(world, "right", "a secret of a good length")
    wrong = secret(world, "wrong", "another of a good length")
    master = world.master("--secret-file", right)
    for more, reason in (([], "it left when it was asked for the join secret"),
                         (["--secret-file", wrong], "the join secret is wrong or missing")):
        node = world.node(master, "a", *more).ends(2)
        expect("join secret" in node.stderr() and "--secret-file" in node.stderr(), node.stderr())
        master.says("is refused: " + reason)
        job = world.start("--connect", master.at, *more, "sum", "3").ends(4)
        expect("secret" in job.stderr(), job.stderr())
    expect(status(master)["nodes"] == [], "a stranger joined")


def files_that_are_no_secrets(world):
    open_to_all = secret(world, "open", "a secret of a good length", 0o644)
    job = world.start("--inline", "--secret-file", open_to_all, "serve").ends(2)
    expect("chmod" in job.stderr(), job.stderr())
    short = secret(world, "short", "short")
    world.start("--inline", "--secret-file", short, "serve").ends(2)
    world.start("--inline", "--secret-file", world.path("none"), "serve").ends(2)


def beyond_this_machine(world):
    job = world.start("--master", "0.0.0.0:0", "serve").ends(2)
    expect("--secret-file" in job.stderr() and "--insecure" in job.stderr(), job.stderr())
    right = secret(world, "right", "a secret of a good length")
    master = world.master("--secret-file", right, at="0.0.0.0:0")
    master.says("open to those who have the secret")
    node = world.node(master, "a", "--secret-file", right)
    node.says("joined the master")
    world.start("--connect", master.at, "--secret-file", right, "sum", "3").ends(0)
    world.master("--insecure", at="0.0.0.0:0").says("open to everybody")


main([two_jobs_on_one_master, the_right_secret, a_wrong_or_missing_secret, files_that_are_no_secrets,
      beyond_this_machine])
