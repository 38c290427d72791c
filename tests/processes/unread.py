#!/usr/bin/env python3
"""Replies that their caller does not read: the memory that the master holds for it is limited in every protocol."""

import os
import socket
import time

from support import expect, main, say, status, until

MB = 1 << 20
# The limit is 10 MB, of which four times as much may be held for a caller; the rest is in transit.
ROOM = 100 * MB * (6 if os.environ.get("SANITIZED_BY") else 1)
COUNT = 200 if os.environ.get("SANITIZED_BY") else 800  # sanitizers are slow and use memory of their own


def memory(process, what):
    with open("/proc/%d/status" % process.pid) as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(what + ":"))


def deaf_caller(master):
    peer = socket.socket()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    peer.connect(("127.0.0.1", master.port))
    return peer


def ended(master):
    """The calls of JSON callers that have ended."""
    now = status(master)
    return now["in_use"] == 0 and now["queued"] == 0


def look_at(world, speech):
    master = world.master("--limit", "outbox_bytes=10MB")
    world.nodes(master, ["a"], slots=4)
    idle = memory(master, "VmRSS")
    peer = deaf_caller(master)
    peer.sendall(speech)
    until("its calls begin", lambda: not ended(master))
    until("its calls have ended", lambda: ended(master))
    time.sleep(0.2)  # until the last replies have been assembled
    grown = memory(master, "VmHWM") - idle
    say("%d answers of 1 MB were not read: the master grew by at most %d MB" % (COUNT, grown // MB))
    expect(grown < ROOM, "the master grew by %d MB" % (grown // MB))
    peer.close()


def request(number):
    return '{"jsonrpc":"2.0","method":"Work.long_text","params":[1000000],"id":%d}' % number


def unread_batch_over_http_is_limited(world):
    body = "[" + ",".join(request(i) for i in range(COUNT)) + "]"
    look_at(world, ("POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)).encode())


def unread_batch_over_tcp_is_limited(world):
    look_at(world, ("[" + ",".join(request(i) for i in range(COUNT)) + "]").encode())


def unread_replies_over_tcp_are_limited(world):
    look_at(world, "\n".join(request(i) for i in range(COUNT)).encode())


main([unread_batch_over_http_is_limited, unread_batch_over_tcp_is_limited, unread_replies_over_tcp_are_limited])
