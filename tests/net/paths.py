#!/usr/bin/env python3
"""Slow and lossy links, a link with delayed acknowledgements, and a node whose address changes."""

import socket
import statistics
import threading
import time

from machines import main, sessions_of, state_of, status
from support import all_answered, calls_of, expect, runs_of, say, until


def calls_survive_a_slow_and_lossy_link(site):
    here, there, elsewhere = site.machines(3)
    site.wire.delay, site.wire.loss = 0.1, 0.05  # 200 ms round trip
    master = site.master_on(here)
    nodes = [site.node_on(there, master, "a", slots=16), site.node_on(elsewhere, master, "b", slots=16)]
    site.everybody_joins(master, ["a", "b"])
    job = site.job_on(elsewhere, master, "calls", "count=200", "us=1000", "once=2", "log=" + site.path("log"))
    large = site.job_on(here, master, "mirrors", "callers=4", "bytes=20000")
    calls = all_answered(job)
    expect(large.ends(0).stdout() == "4\n", large.stdout() + " of 4 came back whole")
    runs = runs_of(site, "log")
    expect(sorted(runs) == list(range(200)), "%d of 200 calls ran" % len(runs))
    expect(all(len(runs[tag]) == 1 for tag in runs if tag % 2 == 0), "a call that must not run twice did")
    say("%d packets came, %d did not; the slowest call took %.2f s" %
        (site.wire.carried, site.wire.lost, max(one.end - one.begin for one in calls)))
    expect(site.wire.lost > 10, "nothing was lost")
    # No node was considered dead.
    expect(all(sessions_of(one) == 1 for one in nodes) and "is lost" not in master.stderr(), master.stderr())


def echoes(here, there, count, pieces):
    """The durations of exchanges in which the request is written in `pieces` pieces and read as a whole."""
    with here.inside(), socket.socket() as door:
        door.bind((here.address, 0))
        door.listen()
        at = door.getsockname()

        def serve():
            peer, _ = door.accept()
            with peer:
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                while whole := peer.recv(2, socket.MSG_WAITALL):
                    peer.sendall(whole[:1])

        server = threading.Thread(target=serve, daemon=True)
        server.start()
        took = []
        with there.inside(), socket.create_connection(at) as client:
            for _ in range(count):
                begun = time.monotonic()
                for piece in pieces:
                    client.sendall(piece)
                client.recv(1)
                took.append(time.monotonic() - begun)
        server.join()
    return took[len(took) // 2:]  # a new connection is acknowledged immediately


def small_calls_do_not_wait_for_acknowledgements(site):
    # A header and its body written separately would wait for each other on this link: Nagle's algorithm at one end,
    # delayed acknowledgements (40 ms) at the other.
    here, there, far = site.machines(3)
    site.wire.delay = 0.001
    trapped = statistics.median(echoes(here, there, 60, [b"a", b"b"]))
    free = statistics.median(echoes(here, there, 60, [b"ab"]))
    expect(trapped > free + 0.030, "separate writes are not delayed on this link: %.1f ms against %.1f ms" % (1000 * trapped, 1000 * free))
    master = site.master_on(here)
    site.node_on(there, master, "a", slots=2)
    site.everybody_joins(master, ["a"])
    # Pairs of calls with consecutive replies: the second has to wait if the first is not acknowledged immediately.
    job = site.job_on(far, master, "calls", "count=80", "rate=40", "burst=2", "us=1000,10000")
    took = sorted(one.end - one.begin for one in all_answered(job) if one.tag % 2 == 1)
    median = took[len(took) // 2]
    say("an exchange takes %.1f ms, in two pieces %.1f ms; calls of 10 ms over two such ways %.1f ms" %
        (1000 * free, 1000 * trapped, 1000 * median))
    # Each of its two legs takes as long as an exchange, plus processing time.
    expect(median < 0.010 + 2 * free + (trapped - free) / 2, "a call takes %.1f ms" % (1000 * median))


def node_returns_with_another_address(site):
    here, there, elsewhere = site.machines(3)
    master = site.master_on(here, "--heartbeat", "200ms")
    a, b = site.node_on(there, master, "a"), site.node_on(elsewhere, master, "b")
    site.everybody_joins(master, ["a", "b"])
    load = site.job_on(here, master, "calls", "rate=50", "us=20000", "log=" + site.path("load"),
                       "until=" + site.path("enough"))
    until("calls on a", lambda: any(pids == [a.pid] for pids in runs_of(site, "load").values()))
    # Nothing reports the loss of the old address: packets to it go unanswered.
    there.move("10.77.0.9")
    moved = time.monotonic()
    until("a is back", lambda: sessions_of(a) == 2 and state_of(master, "a") == "living")
    say("back after %.2f s" % (time.monotonic() - moved))
    address = next(one["address"] for one in status(master)["nodes"] if one["name"] == "a")
    expect(address.startswith("10.77.0.9:"), "a is at " + address)
    before = sum(pids.count(a.pid) for pids in runs_of(site, "load").values())
    until("calls on a", lambda: sum(pids.count(a.pid) for pids in runs_of(site, "load").values()) > before + 5)
    open(site.path("enough"), "w").close()
    all_answered(load)
    until("no call in use", lambda: status(master)["in_use"] == 0)
    expect(sessions_of(b) == 1, b.stderr())


main([calls_survive_a_slow_and_lossy_link, small_calls_do_not_wait_for_acknowledgements,
      node_returns_with_another_address])
