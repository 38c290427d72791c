#!/usr/bin/env python3
"""Cancelled calls stop on their nodes and leave nothing behind: no slots, no descriptors."""

import json
import os
import signal
import socket
import time

from support import expect, main, say, status, until


def words_of(text, first):
    return [line.split() for line in text.splitlines() if line.startswith(first)]


def first_answer_cancels_the_others(world):
    master = world.master(job=("search", world.path("log"), world.path("end")))
    world.nodes(master, ["a", "b", "c", "d", "e", "f", "g"])
    until("all methods", lambda: world.lines("log").count("began") == 6)
    # The time of one status request on this machine is part of every time below.
    begun = time.monotonic()
    expect(status(master)["in_use"] == 6, "in use: %s" % status(master))
    look = time.monotonic() - begun
    world.node(master, "h")
    answered = float(until("the first answer", lambda: words_of(master.stdout(), "answered"))[0][1])
    until("their slots", lambda: status(master)["in_use"] == 1)
    freed = time.monotonic() - answered
    until("five that stopped", lambda: world.lines("log").count("stopped") == 5)
    words = world.lines("log")
    stopped = max(float(words[i + 1]) for i, word in enumerate(words) if word == "stopped") - answered
    say("stopped %.1f ms after the first answer, their slots free after %.1f ms; one look takes %.1f ms" %
        (1000 * stopped, 1000 * freed, 1000 * look))
    expect(stopped < 0.1 + 20 * look, "they stopped after %.3f s" % stopped)
    expect(freed < 0.1 + 40 * look, "their slots were free after %.3f s" % freed)
    # The method that ignores its cancellation is listed and logged until it returns.
    expect(status(master)["abandoned"] == 1, "abandoned: %s" % status(master))
    named = [one for node in status(master)["nodes"] for one in node["abandoned_calls"]]
    expect([one["method"] for one in named] == ["Search.ignore"], "named: %s" % named)
    master.says(r"node [a-h] still runs Search\.ignore, abandoned \d+ s ago")
    open(world.path("end"), "w").close()
    until("its slot", lambda: status(master)["in_use"] == 0 and status(master)["abandoned"] == 0)
    master.says(r"Search\.ignore returned \d+ s after it was abandoned")


def descriptors(process):
    return len(os.listdir("/proc/%d/fd" % process.pid))


def begin_over_http(master, file):
    body = json.dumps({"jsonrpc": "2.0", "method": "Search.poll", "params": [file], "id": 1})
    peer = socket.create_connection(("127.0.0.1", master.port))
    peer.sendall(("POST /rpc HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n%s" % (master.at, len(body), body)).encode())
    return peer


def begin_over_tcp(master, file):
    peer = socket.create_connection(("127.0.0.1", master.port))
    peer.sendall(json.dumps({"method": "Search.poll", "params": [file], "id": 1}).encode())
    return peer


def departed_callers_leave_no_descriptors_or_calls(world):
    master = world.master()
    nodes = world.nodes(master, ["a", "b"], slots=4)
    everybody = [master] + list(nodes.values())
    before = [descriptors(one) for one in everybody]
    for turn in range(5):
        log = "log%d" % turn
        peers = [begin(master, world.path(log)) for begin in (begin_over_http, begin_over_tcp) for _ in range(2)]
        job = world.job(master, "search", world.path(log), world.path("never"))
        until("methods", lambda: world.lines(log).count("began") >= 7)
        for peer in peers:
            peer.close()
        job.signal(signal.SIGKILL)
        job.ends(-signal.SIGKILL)
        open(world.path("never"), "w").close()
        until("an idle master", lambda: status(master)["in_use"] == 0 and status(master)["queued"] == 0)
        os.unlink(world.path("never"))
    # A status request may still have been open at the start.
    until("the initial number of descriptors",
          lambda: all(descriptors(one) <= was for one, was in zip(everybody, before)))
    say("descriptors: %s before, %s after" % (before, [descriptors(one) for one in everybody]))


main([first_answer_cancels_the_others, departed_callers_leave_no_descriptors_or_calls])
