#!/usr/bin/env python3
"""Masters that are down for a while or out of descriptors."""

import os
import re
import resource
import signal
import socket
import sys
import time

from support import (Process, all_answered, calls_of, expect, free_port, is_long, lost_calls, main, names_addresses_once,
                     processor_seconds, say, until)

# The path of `dist`, if built.
DIST = next((one.partition("=")[2] for one in sys.argv if one.startswith("--dist=")), None)


def calls_survive_an_outage_of_the_master(world):
    master = world.master()
    nodes = world.nodes(master, ["a", "b", "c"])
    job = world.job(master, "--log", "info", "calls", "rate=200", "most=10", "us=60000", "once=2", "until=" + world.path("enough"))
    until("the job", lambda: calls_of(job))
    master.signal(signal.SIGKILL)
    master.ends(-signal.SIGKILL)
    job.says("lost the master.*: cannot connect")
    names_addresses_once(job.stderr())
    gone = time.monotonic()
    time.sleep(10 if is_long() else 1)
    again = world.master(at=master.at)
    back = time.monotonic()
    world.joined(again, 3)
    say("all are back %.2f s after their master" % (time.monotonic() - back))
    all_answered(world.job(again, "calls", "count=30", "us=1000"))
    expect(all(one.running() for one in nodes.values()), "a node ended")
    so_far = len(calls_of(job))
    until("answers for the job", lambda: not all(one.code for one in calls_of(job)[so_far:]))
    open(world.path("enough"), "w").close()
    # Of the running calls, those that are not repeatable are lost with the master; the others go to the next
    # master, as do calls made while there is none.
    lost = lost_calls(job)
    moved = [one for one in calls_of(job) if not one.code and one.begin < gone and one.end > back]
    say("%d went to the next" % len(moved))
    expect(moved, "none went to the next")
    for one in lost:
        expect(one.tag % 2 == 0, "it might have run again: " + one.line)
        expect(one.begin < gone, "it was made when the master was away: " + one.line)
    account = re.search(r"calls at the master in .*", job.stderr())[0]
    expect(re.search(r"\d+ retried, 1 connection lost, %d failed$" % len(lost), account), account)
    # One log line for the end and one for what followed, not one per attempt.
    expect(1 <= job.stderr().count("trying again") <= 4, job.stderr())


def stopping_a_master_loses_no_call(world):
    if not DIST:
        return say("not without the command")
    at = "127.0.0.1:%d" % free_port()

    def start():
        made = Process(DIST, ["master", at])
        world.processes.append(made)
        made.at = at
        made.says(r"listening on ")
        return made

    master = start()
    world.nodes(master, ["a", "b"], slots=2)
    job = world.job(master, "--log", "info", "calls", "count=500", "us=20000")
    until("some answers", lambda: len(calls_of(job)) > 20)
    master.signal(signal.SIGTERM)
    expect(master.child.wait(30) == 130, "exit code %d" % master.child.returncode)
    job.says("the master stopped; trying again")
    again = start()
    world.joined(again, 2)
    expect(len(all_answered(job)) == 500, job.stdout())


def master_without_descriptors_waits_for_some(world):
    if "undefined" in os.environ.get("SANITIZED_BY", ""):
        # That sanitizer uses a pipe when it first sees an object's type, which needs descriptors.
        return say("not under the undefined-behaviour sanitizer, which needs descriptors itself")
    master = world.master()
    world.nodes(master, ["a", "b"])
    job = world.job(master, "calls", "rate=50", "us=1000", "until=" + world.path("enough"))
    until("the job", lambda: calls_of(job))
    resource.prlimit(master.pid, resource.RLIMIT_NOFILE, (64, 64))
    strangers = [socket.create_connection(("127.0.0.1", master.port)) for _ in range(120)]
    master.says("no connection can be accepted")
    begun, used, said = time.monotonic(), processor_seconds(master.pid), len(master.stderr())
    time.sleep(3 if is_long() else 1.5)
    share = (processor_seconds(master.pid) - used) / (time.monotonic() - begun)
    say("out of descriptors: %.1f %% of a processor, %d bytes of log" %
        (100 * share, len(master.stderr()) - said))
    expect(share < 0.25, "it takes %.0f %% of a processor" % (100 * share))
    expect(len(master.stderr()) - said < 1000, master.stderr())
    for one in strangers[:100]:
        one.close()
    late = world.node(master, "c")
    late.says("joined the master")
    all_answered(world.job(master, "calls", "count=30", "us=1000"))
    open(world.path("enough"), "w").close()
    all_answered(job)


main([calls_survive_an_outage_of_the_master, stopping_a_master_loses_no_call,
      master_without_descriptors_waits_for_some])
