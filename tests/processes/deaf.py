#!/usr/bin/env python3
"""Peers that accept a connection, or not even that, and never answer."""

import signal
import socket
import time

from support import calls_of, expect, main, say, until


class Deaf:
    """A port that never accepts; with `full`, the kernel does not answer either."""

    def __init__(self, full):
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen(0 if full else 16)
        self.at = "127.0.0.1:%d" % self.socket.getsockname()[1]
        self.others = []
        while full:
            one = socket.socket()
            one.settimeout(0.3)
            self.others.append(one)
            try:
                one.connect(self.socket.getsockname())
            except socket.timeout:
                break


def masters_that_never_answer_are_given_up(world):
    silent, unreachable = Deaf(full=False), Deaf(full=True)
    cases = [(silent, "--connect", "no answer from "), (unreachable, "--connect", "no connection to "),
             (silent, "--join", "no answer from "), (unreachable, "--join", "no connection to ")]
    begun = time.monotonic()
    started = [world.start(flag, deaf.at, "calls", "count=1", "us=1") for deaf, flag, _ in cases]
    for (deaf, flag, words), one in zip(cases, started):
        one.says(words + deaf.at + " within 10 s")
        if flag == "--connect":
            one.ends(4)
        else:
            # A node retries until it is stopped.
            one.signal(signal.SIGTERM)
            one.ends(0)
    say("given up after %.1f s" % (time.monotonic() - begun))


def deadline_holds_on_a_node_that_does_not_read(world):
    # Beats so slow that the node is not suspected: only the deadline ends its calls.
    job = world.master("--heartbeat", "100s", "--lost-after", "300s", "--min-nodes", "1",
                       job=("calls", "count=100", "rate=30", "us=1000", "within=200"))
    node = world.node(job, "a", slots=2)
    until("an answer", lambda: calls_of(job))
    node.signal(signal.SIGSTOP)
    stopped = time.monotonic()
    until("calls that end", lambda: sum(1 for one in calls_of(job) if one.code) >= 20)
    node.signal(signal.SIGCONT)
    going_on = time.monotonic()
    calls = calls_of(job.ends(0))
    failed = [one for one in calls if one.code]
    for one in failed:
        expect(one.code == "deadline_exceeded" and one.end - one.begin >= 0.2, one.line)
        expect(stopped < one.end and one.begin < going_on, "while the node ran: " + one.line)
    late = max(one.end - one.begin for one in failed) - 0.2
    # Calls that waited until the node resumed may then reach it with the rest of their time.
    phases = [(one.phase, one.known, one.node) for one in failed if one.end < going_on]
    say("%d ended, at most %.0f ms late, %d of them in the queue" %
        (len(failed), 1000 * late, phases.count(("queueing", "not_started", "-"))))
    # The node's two slots hold two of them; until these are released, the others wait.
    expect(set(phases) == {("running", "unknown", "a"), ("queueing", "not_started", "-")}, str(phases))
    expect(phases.count(("running", "unknown", "a")) == 2, str(phases))
    expect(late < 1, "%.1f s late" % late)
    expect(len(calls) == 100 and not calls[-1].code, "no calls after the node went on")


main([masters_that_never_answer_are_given_up, deadline_holds_on_a_node_that_does_not_read])
