#!/usr/bin/env python3
"""Node processes under a parent: `--join --procs N`, and those of an embedded cluster."""

import os
import re
import signal
import urllib.request

from support import children, expect, gone, living, main, until


def supervised(world, master, count, *more):
    made = world.start("--join", master.at, "--procs", str(count), "--name", "ws", "--log", "info", *more)
    until("its nodes", lambda: {"ws-%d" % (i + 1) for i in range(count)} <= set(living(master)))
    return made


def embedded(world, count, *words):
    """A job with a cluster of its own, once all nodes have joined."""
    made = world.start("--local", str(count), "--log", "info", *words)
    for i in range(count):
        made.says(r"node local%d joined" % (i + 1))
    return made


def drain(master, name):
    urllib.request.urlopen(urllib.request.Request("http://%s/drain?node=%s" % (master.at, name), method="POST"),
                           timeout=10).close()


def supervised_nodes_run_calls(world):
    master = world.master()
    parent = supervised(world, master, 3)
    expect(len(children(parent.pid)) == 3, "children: %s" % children(parent.pid))
    job = world.start("--connect", master.at, "sum", "100").ends(0)
    expect(job.stdout() == "328350\n", job.stdout())
    parent.signal(signal.SIGTERM)
    parent.ends(0)
    expect(living(master) == [], "nodes are left: %s" % living(master))
    expect(master.stderr().count("left: it left: drained") == 3, master.stderr())


def dead_node_process_is_restarted(world):
    master = world.master()
    parent = supervised(world, master, 2)
    # Not SIGSEGV: sanitizers turn it into an exit code.
    ends = {signal.SIGKILL: r"signal 9 \(killed\)", signal.SIGABRT: r"signal 6 \(aborted\)"}
    for number, text in ends.items():
        before = children(parent.pid)
        os.kill(min(before), number)
        until("another", lambda: len(children(parent.pid) - before) == 1)
        parent.says(r"the process of node ws-\d ended: %s; starting another" % text)
        master.says(r"node ws-\d: its previous process ended: %s" % text)
        until("all nodes", lambda: sorted(living(master)) == ["ws-1", "ws-2"])


def supervised_and_embedded_clusters(world):
    """Three node processes under a supervisor and in an embedded cluster; yields a job's flags and the process that
    reports how node processes end, if it is not the job."""
    master = world.master()
    yield ["--connect", master.at], supervised(world, master, 3)
    yield ["--local", "3"], None


def lost_call_names_what_killed_its_node(world):
    for flags, parent in supervised_and_embedded_clusters(world):
        job = world.start(*flags, "boom_once").ends(0)
        expect(re.search(r"^Work.boom_once on (ws-|local)\d: .*: its process ended: signal 9 \(killed\) while running "
                         r"Work.boom_once\(\[9\]\) \(unknown whether it ran\)$", job.stdout()), job.stdout())
        (parent or job).says(r"the process of node \S+ ended: signal 9 \(killed\) while running Work.boom_once\(\[9\]\);")


def call_that_kills_its_process_is_poisoned_and_its_neighbours_are_not(world):
    for flags, _ in supervised_and_embedded_clusters(world):
        job = world.start(*flags, "poison_among", "100").ends(0)
        done, died = job.stdout().splitlines()
        expect(done == "100 100", done)
        node = r"(ws-|local)\d: signal 9 \(killed\)"
        expect(re.match(r"Work.boom: call kills its nodes: the processes of these nodes died while running it: "
                        r"%s, %s, %s; the last was running Work.boom\(\[9\]\)" % (node, node, node), died), died)


def supervised_and_embedded_children(world):
    """Under a supervisor and in an embedded cluster, with work to do; yields each parent and its children."""
    master = world.master()
    parent = supervised(world, master, 2)
    world.job(master, "until_cancelled", world.path("supervised"))
    until("the call", lambda: world.lines("supervised"))
    yield parent, children(parent.pid)
    master.signal(signal.SIGKILL)
    job = embedded(world, 2, "until_cancelled", world.path("embedded"))
    until("the call", lambda: world.lines("embedded"))
    yield job, children(job.pid)


def node_processes_do_not_outlive_their_parent(world):
    for parent, nodes in supervised_and_embedded_children(world):
        expect(len(nodes) == 2, "children: %s" % nodes)
        parent.signal(signal.SIGKILL)
        parent.ends(-signal.SIGKILL)
        until("the end of its nodes", lambda: all(gone(one) for one in nodes))


def second_interrupt_ends_all_processes_at_once(world):
    for parent, nodes in supervised_and_embedded_children(world):
        for one in nodes:
            os.kill(one, signal.SIGSTOP)  # a suspended child would delay the exit
        # Like Ctrl-C, which reaches the whole terminal. Two signals of one kind could merge on their way.
        for process in [*nodes, parent.pid]:
            os.kill(process, signal.SIGINT)
        parent.signal(signal.SIGTERM)
        parent.ends(130, 10)
        until("the end of its nodes", lambda: all(gone(one) for one in nodes))


def node_with_a_wrong_secret_is_not_restarted(world):
    path = world.path("secret")
    with open(path, "w") as file:
        file.write("a secret of a good length\n")
    os.chmod(path, 0o600)
    master = world.master("--secret-file", path)
    parent = world.start("--join", master.at, "--procs", "2", "--name", "ws").ends(2)
    expect("secret" in parent.stderr() and "not restarting it" in parent.stderr(), parent.stderr())


def process_that_cannot_start_is_given_up(world):
    master = world.master()
    for flags, code in ((["--local", "2"], 4), (["--join", master.at, "--procs", "2"], 1)):
        parent = world.start(*flags, "sum", "3", environment={"WORK_IS_BROKEN": "1"}).ends(code)
        expect("no work here" in parent.stderr() and "not restarting it: 3 in a row" in parent.stderr(),
               parent.stderr())
        # The errors of the job's calls would only repeat it.
        expect("was stopped" not in parent.stderr(), parent.stderr())


def method_that_exits_counts_as_a_crash(world):
    for how in ("exit", "_exit"):
        for flags, parent in supervised_and_embedded_clusters(world):
            job = world.start(*flags, "leave", how).ends(0)
            node = r"(ws-|local)\d: exit code 0"
            expect(re.match(r"Work.leave: call kills its nodes: the processes of these nodes died while running "
                            r"it: %s, %s, %s; the last was running Work.leave" % (node, node, node), job.stdout()),
                   job.stdout())
            (parent or job).says(r"the process of node \S+ ended: exit code 0 while running Work.leave\(\[\"%s\"\]\); "
                                 "starting another" % how)


def unresponsive_child_is_replaced(world):
    flags = ("--heartbeat", "100ms", "--lost-after", "1s")
    for how, code in (("stop", "node_lost"), ("close", "connection_lost")):
        job = world.start("--local", "1", *flags, "silence", how).ends(0)
        expect(job.stdout() == code + "\n9\n", job.stdout())
        # A process whose descriptors are closed may also end by itself, or notice it and rejoin.
        if how == "stop":
            expect("the process of node local1 ended: it did not respond for 3 s and was killed" in job.stderr(), job.stderr())


def drained_node_is_not_restarted(world):
    master = world.master()
    parent = supervised(world, master, 2)
    drain(master, "ws-2")
    parent.says("node ws-2 was drained by its master and stays away")
    expect(len(children(parent.pid)) == 1 and living(master) == ["ws-1"], master.stderr())
    # A node that ends for another reason is restarted.
    os.kill(min(children(parent.pid)), signal.SIGTERM)
    parent.says("the process of node ws-1 ended: exit code 0; starting another")
    until("the other one", lambda: living(master) == ["ws-1"])
    drain(master, "ws-1")
    parent.ends(0)


def open_file_limit_bounds_the_node_processes(world):
    limited = ["-c", "ulimit -S -n \"$1\"; ulimit -H -n 128; shift; exec \"$@\"", "sh"]
    world.program, program = "/bin/sh", world.program
    raised = world.start(*limited, "40", program, "--local", "10", "sum", "10").ends(0)
    expect(raised.stdout() == "285\n" and "limit on open files" not in raised.stderr(), raised.stderr())
    fewer = world.start(*limited, "40", program, "--local", "60", "sum", "10").ends(0)
    expect(fewer.stdout() == "285\n" and "only 16 of 60 node processes are started: the limit on open files is 128; "
           "raise it with ulimit -n" in fewer.stderr(), fewer.stderr())


def broadcast_waits_for_the_nodes_of_the_cluster(world):
    for flags, count in ((["--local", "3"], 3), (["--inline"], 1)):
        job = world.start(*flags, "broadcast").ends(0)
        expect(job.stdout() == "%d\n" % count, job.stdout())


def labels_apply_to_all_node_processes(world):
    job = world.start("--local", "2", "--label", "gpu=1", "labelled").ends(0)
    expect(job.stdout() == "289\n", job.stdout())


def job_prints_its_account_at_the_end(world):
    job = embedded(world, 2, "slow_sum", "40", "100", world.path("ran"))
    until("its first calls", lambda: len(world.lines("ran")) > 2)
    os.kill(min(children(job.pid)), signal.SIGKILL)
    expect(job.ends(0).stdout() == "40\n", job.stdout())
    # How the process ended may not have been reported before the job was done.
    expect(re.search(r"^dist: 40 calls on 2 nodes in [\d.]+ s(, busy \d+ %)?(, \d+ retried)?, "
                     r"1 node lost \(local\d: .+\)$", job.stderr(), re.M), job.stderr())


main([supervised_nodes_run_calls, dead_node_process_is_restarted, lost_call_names_what_killed_its_node,
      call_that_kills_its_process_is_poisoned_and_its_neighbours_are_not, node_processes_do_not_outlive_their_parent,
      second_interrupt_ends_all_processes_at_once, node_with_a_wrong_secret_is_not_restarted,
      process_that_cannot_start_is_given_up, method_that_exits_counts_as_a_crash, unresponsive_child_is_replaced,
      drained_node_is_not_restarted, open_file_limit_bounds_the_node_processes,
      broadcast_waits_for_the_nodes_of_the_cluster, labels_apply_to_all_node_processes,
      job_prints_its_account_at_the_end])
