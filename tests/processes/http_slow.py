#!/usr/bin/env python3
"""Slow HTTP clients: slow heads, slow bodies, slow readers. Each has a time limit, other clients are served meanwhile,
and a client that is slow but not silent is served too."""

import select
import socket
import time

from support import expect, hear, main, say, status, until

IDLE = 1.0  # seconds, for both limits
LIMITS = ("--limit", "handshake=1s", "--limit", "frame_idle=1s")
HOST = b"Host: localhost\r\n"
HEAD = b"POST /rpc HTTP/1.1\r\n" + HOST
CALL = b'{"jsonrpc":"2.0","id":1,"method":"Tasks.mirror","params":["AQID"]}'


def visit(master, count):
    return [socket.create_connection(("127.0.0.1", master.port), timeout=30) for _ in range(count)]


def closed(peers):
    """The peers that the master has closed; what it sent before is read."""
    gone = []
    for peer in select.select(peers, [], [], 0)[0] if peers else []:
        try:
            if not peer.recv(65536):
                gone.append(peer)
        except ConnectionError:
            gone.append(peer)
    return gone


def is_served(master):
    begun = time.monotonic()
    expect(status(master)["nodes"], "no node")
    took = time.monotonic() - begun
    expect(took < 5, "an honest request took %.1f s" % took)


def drip(peers, data, master, patience=30):
    """Sends a byte to each peer now and then until all are closed; returns how long that took."""
    begun, at = time.monotonic(), 0
    left = list(peers)
    while left:
        expect(time.monotonic() - begun < patience, "%d are still open" % len(left))
        for peer in left:
            try:
                peer.sendall(data[at:at + 1])
            except OSError:
                pass
        at += 1
        time.sleep(0.1)
        left = [peer for peer in left if peer not in closed(left)]
        if at % 5 == 0:
            is_served(master)
    return time.monotonic() - begun


def slow_heads_are_cut_off(world):
    master = world.master(*LIMITS)
    world.nodes(master, ["a"])
    head = b"GET /status HTTP/1.1\r\n" + HOST + b"X-" + b"x" * 10000
    took = drip(visit(master, 200), head, master)
    say("200 slow heads were left after %.1f s" % took)
    expect(took >= 0.9 * IDLE, "they were left after %.1f s" % took)
    # Single header lines gain no time either.
    drip(visit(master, 50), b"G" + b"X: x\r\n" * 10000, master)


def slow_bodies_are_cut_off(world):
    master = world.master(*LIMITS)
    world.nodes(master, ["a"])
    head = HEAD + b"Content-Length: %d\r\n\r\n" % len(CALL)
    silent, slow = visit(master, 100), visit(master, 20)
    for peer in silent:
        peer.sendall(head + CALL[:10])
    for peer in slow:
        peer.sendall(head)
    begun = time.monotonic()
    # Longer than the limit in total, but never silent that long.
    for i in range(0, len(CALL), 2):
        for peer in slow:
            peer.sendall(CALL[i:i + 2])
        time.sleep(0.05)
    expect(time.monotonic() - begun > IDLE, "this was too fast")
    for peer in slow:
        heard = peer.recv(65536)
        expect(b" 200 OK" in heard and b"AwIB" in heard, repr(heard))
    left = list(silent)

    def all_closed():
        gone = closed(left)
        left[:] = [peer for peer in left if peer not in gone]
        return not left
    until("the silent ones are left", all_closed)
    is_served(master)
    master.says(r"no more of the request body was received within 1 s, the limit \(frame_idle\)")


def slow_readers_are_cut_off(world):
    master = world.master(*LIMITS)
    world.nodes(master, ["a"])
    page = b"GET /metrics HTTP/1.1\r\n" + HOST + b"\r\n"
    large = b"GET /page.js HTTP/1.1\r\n" + HOST + b"\r\n"
    deaf = visit(master, 3)
    for peer in deaf:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.sendall(large * 2000)
    master.says(r"the peer read nothing within 1 s, the limit \(frame_idle\)")
    is_served(master)
    for peer in deaf:
        peer.close()
    # A client that reads little by little gets everything.
    slow = visit(master, 1)[0]
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.sendall(page * 200 + b"GET /healthz HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
    begun, heard = time.monotonic(), b""
    while time.monotonic() - begun < 2 * IDLE:
        heard += slow.recv(4096)
        time.sleep(0.02)
    heard += hear(slow).encode()
    expect(heard.count(b"HTTP/1.1 200 OK") == 201, "%d answers" % heard.count(b"HTTP/1.1 200 OK"))


def idle_connections_make_room(world):
    """As many as the master accepts: once their time is over, others have room again."""
    master = world.master(*LIMITS, "--limit", "connection_count=50")
    world.nodes(master, ["a"])
    idle = visit(master, 100)
    master.says(r"the limit \(connection_count\) of 50")
    until("room for others", lambda: answers(master))
    for peer in idle:
        peer.close()


def answers(master):
    with socket.create_connection(("127.0.0.1", master.port), timeout=30) as peer:
        try:
            peer.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        except ConnectionError:
            return False
        return " 200 OK" in hear(peer)


main([slow_heads_are_cut_off, slow_bodies_are_cut_off, slow_readers_are_cut_off, idle_connections_make_room])
