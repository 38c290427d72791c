#!/usr/bin/env python3
"""Nodes and masters that are killed, stopped, drained and restarted."""

import os
import signal

from support import World, expect, free_port, gone, living, main, status, until


def repeatable_calls_survive_a_killed_node(world):
    master = world.master()
    nodes = [world.node(master, name) for name in ("a", "b")]
    world.joined(master, 2)
    job = world.start("--connect", master.at, "slow_sum", "60", "20", world.path("seen"))
    until("calls on both", lambda: len(set(world.lines("seen"))) == 2)
    nodes[0].signal(signal.SIGKILL)
    nodes[0].ends(-signal.SIGKILL)
    again = world.node(master, "a")
    until("work for the new one", lambda: str(again.pid) in world.lines("seen"))
    job.ends(0)
    expect(job.stdout() == "60\n", "stdout: " + job.stdout())


def nodes_rejoin_a_restarted_master(world):
    master = world.master()
    nodes = [world.node(master, name) for name in ("a", "b")]
    world.joined(master, 2)
    master.signal(signal.SIGKILL)
    master.ends(-signal.SIGKILL)
    again = world.master(at=master.at)
    world.joined(again, 2)
    job = world.start("--connect", again.at, "sum", "10").ends(0)
    expect(job.stdout() == "285\n", "stdout: " + job.stdout())
    expect(all(one.running() for one in nodes), "a node ended")


def node_processes_die_with_their_parent(world):
    job = world.start("--local", "2", "-v", "until_cancelled", world.path("seen"))
    child = int(until("the call", lambda: world.lines("seen"))[0])
    job.signal(signal.SIGKILL)
    job.ends(-signal.SIGKILL)
    until("the end of its node process", lambda: gone(child))


def drained_node_finishes_its_call(world):
    master = world.master()
    a = world.node(master, "a")
    world.joined(master, 1)
    job = world.start("--connect", master.at, "slow_once", "400", world.path("seen"))
    until("the call", lambda: world.lines("seen"))
    a.signal(signal.SIGTERM)
    until("draining", lambda: not living(master))
    a.ends(0)
    job.ends(0)
    expect(job.stdout() == "%d\n" % a.pid, "stdout: " + job.stdout())


def second_signal_ends_a_node_at_once(world):
    master = world.master()
    a = world.node(master, "a")
    world.joined(master, 1)
    job = world.start("--connect", master.at, "slow_once", "20000", world.path("seen"))
    until("the call", lambda: world.lines("seen"))
    a.signal(signal.SIGTERM)
    until("draining", lambda: not living(master))
    a.signal(signal.SIGTERM)
    a.ends(130, 10)
    job.ends(1)
    expect("on a" in job.stderr(), job.stderr())


def drain_does_not_wait_for_an_abandoned_method(world):
    master = world.master()
    a = world.node(master, "a")
    world.joined(master, 1)
    job = world.start("--connect", master.at, "slow_once", "60000", world.path("seen"))
    until("the call", lambda: world.lines("seen"))
    master.signal(signal.SIGKILL)
    master.ends(-signal.SIGKILL)
    job.ends(1)
    a.says("trying again")
    a.signal(signal.SIGTERM)
    a.ends(0, 10)


def stopped_node_becomes_suspect_and_comes_back(world):
    master = world.master("--heartbeat", "100ms")
    a = world.node(master, "a")
    world.joined(master, 1)
    job = world.start("--connect", master.at, "slow_sum", "1", "1500", world.path("seen"))
    until("the call", lambda: world.lines("seen"))
    a.signal(signal.SIGSTOP)
    b = world.node(master, "b")
    until("the call elsewhere", lambda: str(b.pid) in world.lines("seen"))
    until("a is suspect", lambda: living(master) == ["b"])
    job.ends(0)
    a.signal(signal.SIGCONT)
    world.joined(master, 2)
    expect(a.running(), "a ended")
    expect("joined" in a.stderr() and a.stderr().count("joined the master") == 1, "it joined anew: " + a.stderr())


def blocked_io_thread_is_reported(world):
    blocks = world.start("--local", "1", "block", "4500", "here")
    computes = world.start("--local", "1", "block", "4500", "elsewhere")
    said = blocks.ends(0).stderr()
    expect("the I/O thread has been blocked for 3 s: " in said and "co_await dist::compute(f)" in said, said)
    said = computes.ends(0).stderr()
    expect("I/O thread" not in said, said)


def node_waits_for_the_name_of_a_silent_node(world):
    master = world.master()
    a = world.node(master, "a")
    world.joined(master, 1)
    world.node(master, "a").ends(2)  # rejected, since the first is alive
    a.signal(signal.SIGSTOP)
    again = world.node(master, "a")
    again.says("joined the master")
    job = world.start("--connect", master.at, "sum", "10").ends(0)
    expect(job.stdout() == "285\n", job.stdout())


def waiting_without_nodes_is_logged_by_default(world):
    job = world.start("--master", "127.0.0.1:%d" % free_port(), "sum", "10")
    port = job.says(r"warning: waiting: no node has joined in 1\d s; in another terminal run: \S+ --join (:\d+)").group(1)
    world.start("--join", port)
    expect(job.ends(0).stdout() == "285\n", job.stdout())


main([blocked_io_thread_is_reported, node_waits_for_the_name_of_a_silent_node,
      waiting_without_nodes_is_logged_by_default, repeatable_calls_survive_a_killed_node,
      nodes_rejoin_a_restarted_master, node_processes_die_with_their_parent, drained_node_finishes_its_call,
      second_signal_ends_a_node_at_once, drain_does_not_wait_for_an_abandoned_method,
      stopped_node_becomes_suspect_and_comes_back])
