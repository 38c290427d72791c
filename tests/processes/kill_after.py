#!/usr/bin/env python3
"""A method that never ends and ignores its cancellation: kill_after ends its process, and no other call is affected."""

import signal

from support import expect, living, main, runs_of, until


def ends_alone(world, job, says):
    """Checks the job's endless call; `says` is the process whose log reports ended processes."""
    says.says(r"the process of node \S+ ended: killed by kill_after while running Tasks.forever\(\[\d+,0,.*; starting another\n")
    ended, answered = job.ends(0).stdout().splitlines()
    tag, ended = ended.split(" ", 1)
    expect(ended.startswith("fault deadline_exceeded unknown running"), ended)
    expect(answered == "100", "answered: " + answered)
    runs = runs_of(world, "log")
    often = {tag: pids for tag, pids in runs.items() if len(pids) != 1}
    expect(not often, "began more than once: %s" % often)
    killed = runs[int(tag)]
    behind = range(int(tag) + 1, int(tag) + 101)
    expect(all(runs[one] != killed for one in behind), "one began in the process that was to end")


def kill_after_works_under_a_supervisor(world):
    master = world.master()
    parent = world.start("--join", master.at, "--procs", "1", "--name", "ws", "--log", "info")
    world.joined(master, 1)
    ends_alone(world, world.job(master, "endless", "log=" + world.path("log")), parent)
    # It does not count as a node failure: the process is replaced at once.
    until("its node", lambda: living(master) == ["ws-1"])
    expect(master.stderr().count("left: it left: its process ends because of kill_after") == 1, master.stderr())
    parent.signal(signal.SIGTERM)
    parent.ends(0)


def kill_after_works_in_an_embedded_cluster(world):
    job = world.start("--local", "1", "-v", "endless", "log=" + world.path("log"))
    ends_alone(world, job, job)


def unsupervised_node_logs_that_kill_after_has_no_effect(world):
    master = world.master()
    node = world.node(master, "a")
    world.joined(master, 1)
    world.job(master, "endless", "log=" + world.path("log"))
    node.says("kill_after of Tasks.forever has no effect: nothing would restart this process; start its nodes with --procs N")
    expect(node.running(), "the node has ended")


main([kill_after_works_under_a_supervisor, kill_after_works_in_an_embedded_cluster,
      unsupervised_node_logs_that_kill_after_has_no_effect])
