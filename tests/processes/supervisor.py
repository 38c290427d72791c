#!/usr/bin/env python3
"""Node processes under a parent: `--join --procs N`, and those of an embedded cluster."""

import os
import re
import signal

from support import children, expect, gone, living, main, until


def supervised(world, master, count, *more):
    made = world.start("--join", master.at, "--procs", str(count), "--name", "ws", "--log", "info", *more)
    until("its nodes", lambda: {"ws-%d" % (i + 1) for i in range(count)} <= set(living(master)))
    return made


def embedded(world, count, *words):
    """A job in a cluster of its own, once all nodes of it have joined."""
    made = world.start("--local", str(count), "--log", "info", *words)
    for i in range(count):
        made.says(r"node local%d joined" % (i + 1))
    return made


def its_nodes_work(world):
    master = world.master()
    parent = supervised(world, master, 3)
    expect(len(children(parent.pid)) == 3, "children: %s" % children(parent.pid))
    job = world.start("--connect", master.at, "sum", "100").ends(0)
    expect(job.stdout() == "328350\n", job.stdout())
    parent.signal(signal.SIGTERM)
    parent.ends(0)
    expect(living(master) == [], "nodes are left: %s" % living(master))
    expect(master.stderr().count("left: it left: drained") == 3, master.stderr())


def one_that_dies_is_started_again(world):
    master = world.master()
    parent = supervised(world, master, 2)
    # Not SIGSEGV: a sanitizer makes an exit code of that.
    ends = {signal.SIGKILL: r"signal 9 \(killed\)", signal.SIGABRT: r"signal 6 \(aborted\)"}
    for number, text in ends.items():
        before = children(parent.pid)
        os.kill(min(before), number)
        until("another", lambda: len(children(parent.pid) - before) == 1)
        parent.says(r"the process of node ws-\d ended: %s; starting another" % text)
        until("all nodes", lambda: sorted(living(master)) == ["ws-1", "ws-2"])


def both_sorts_of_clusters(world):
    """Three node processes under a supervisor and in an embedded cluster; yields a job's flags and whoever is told how a
    process ended, if that is not the job."""
    master = world.master()
    yield ["--connect", master.at], supervised(world, master, 3)
    yield ["--local", "3"], None


def a_lost_call_says_what_killed_it(world):
    for flags, parent in both_sorts_of_clusters(world):
        job = world.start(*flags, "boom_once").ends(0)
        expect(re.search(r"^Work.boom_once on (ws-|local)\d: .*: its process ended: signal 9 \(killed\) while running "
                         r"Work.boom_once\(\[9\]\) \(unknown whether it ran\)$", job.stdout()), job.stdout())
        (parent or job).says(r"the process of node \S+ ended: signal 9 \(killed\) while running Work.boom_once\(\[9\]\);")


def a_task_that_kills_its_process_is_poisoned_and_its_neighbours_are_not(world):
    for flags, _ in both_sorts_of_clusters(world):
        job = world.start(*flags, "poison_among", "100").ends(0)
        done, died = job.stdout().splitlines()
        expect(done == "100 100", done)
        node = r"(ws-|local)\d: signal 9 \(killed\)"
        expect(re.match(r"Work.boom: call kills its nodes: the processes of these nodes died while they executed it: "
                        r"%s, %s, %s; the last was running Work.boom\(\[9\]\)" % (node, node, node), died), died)


def both_sorts_of_children(world):
    """Of a supervisor and of an embedded cluster, with something to do; yields each parent and its children."""
    master = world.master()
    parent = supervised(world, master, 2)
    world.job(master, "until_cancelled", world.path("supervised"))
    until("the call", lambda: world.lines("supervised"))
    yield parent, children(parent.pid)
    master.signal(signal.SIGKILL)
    job = embedded(world, 2, "until_cancelled", world.path("embedded"))
    until("the call", lambda: world.lines("embedded"))
    yield job, children(job.pid)


def none_outlives_its_parent(world):
    for parent, nodes in both_sorts_of_children(world):
        expect(len(nodes) == 2, "children: %s" % nodes)
        parent.signal(signal.SIGKILL)
        parent.ends(-signal.SIGKILL)
        until("the end of its nodes", lambda: all(gone(one) for one in nodes))


def a_second_interrupt_ends_all_at_once(world):
    for parent, nodes in both_sorts_of_children(world):
        for one in nodes:
            os.kill(one, signal.SIGSTOP)  # they would hold it up
        # As Ctrl-C does: the whole terminal hears it. Two of one kind could become one on their way.
        for process in [*nodes, parent.pid]:
            os.kill(process, signal.SIGINT)
        parent.signal(signal.SIGTERM)
        parent.ends(130, 10)
        until("the end of its nodes", lambda: all(gone(one) for one in nodes))


def a_wrong_secret_is_not_tried_for_ever(world):
    path = world.path("secret")
    with open(path, "w") as file:
        file.write("a secret of a good length\n")
    os.chmod(path, 0o600)
    master = world.master("--secret-file", path)
    parent = world.start("--join", master.at, "--procs", "2", "--name", "ws").ends(2)
    expect("secret" in parent.stderr() and "not started again" in parent.stderr(), parent.stderr())


def what_cannot_start_is_given_up(world):
    master = world.master()
    for flags in (["--local", "2"], ["--join", master.at, "--procs", "2"]):
        parent = world.start(*flags, "sum", "3", environment={"WORK_IS_BROKEN": "1"}).ends(1)
        expect("no work here" in parent.stderr() and "not started again: 3 in a row" in parent.stderr(),
               parent.stderr())


def labels_are_those_of_all(world):
    job = world.start("--local", "2", "--label", "gpu=1", "labelled").ends(0)
    expect(job.stdout() == "289\n", job.stdout())


def a_job_ends_with_its_account(world):
    job = embedded(world, 2, "slow_sum", "40", "100", world.path("ran"))
    until("its first calls", lambda: len(world.lines("ran")) > 2)
    os.kill(min(children(job.pid)), signal.SIGKILL)
    expect(job.ends(0).stdout() == "40\n", job.stdout())
    # How the process ended may not have been told before the job was through.
    expect(re.search(r"^dist: 40 calls on 2 nodes in [\d.]+ s(, busy \d+ %)?(, \d+ issued again)?, "
                     r"1 node lost \(local\d: .+\)$", job.stderr(), re.M), job.stderr())


main([its_nodes_work, one_that_dies_is_started_again, a_lost_call_says_what_killed_it,
      a_task_that_kills_its_process_is_poisoned_and_its_neighbours_are_not, none_outlives_its_parent,
      a_second_interrupt_ends_all_at_once, a_wrong_secret_is_not_tried_for_ever, what_cannot_start_is_given_up,
      labels_are_those_of_all, a_job_ends_with_its_account])
