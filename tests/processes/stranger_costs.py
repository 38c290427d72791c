#!/usr/bin/env python3
"""Measures what strangers cost a master: the table in docs/security.md. By hand, on a quiet machine and a release build.
Each kind comes 1, 100 and 5,000 at a time while a job makes 200 calls a second on a connection of its own.
  stranger_costs.py FAULT_PROGRAM CLUSTER_PROGRAM CERTIFICATES [KIND...] [--counts=1,100,5000]"""

import dataclasses
import json
import os
import resource
import select
import socket
import ssl
import struct
import sys
import time

from by_hand import UPGRADE, hello
from support import Failure, World, calls_of, expect, processor_seconds, until

MB = 1 << 20
SECONDS = 12.0  # for how long they stay at most: longer than the limit `handshake`
HOST = b" HTTP/1.1\r\nHost: localhost\r\n"
FRAME = b"\xd1\x57"
GET = b"GET /status" + HOST + b"\r\n"
CERTIFICATES = ""


def labels(count):
    return b"\xba" + struct.pack(">I", count) + b"".join(b"\x66%06x\x60" % i for i in range(count))


def registrations(first, count):
    return b"".join(b"GET /register-node?port=%d" % port + HOST + b"\r\n" for port in range(first, first + count))


def batch():
    calls = ",".join('{"jsonrpc":"2.0","method":"Work.long_text","params":[1000000],"id":%d}' % i for i in range(800))
    return b"POST /rpc" + HOST + b"Content-Length: %d\r\n\r\n[%s]" % (len(calls) + 2, calls.encode())


@dataclasses.dataclass
class Kind:
    """What each of them sends at once; what it sends once it has heard `waits_for`; and a byte now and then."""
    name: str
    speech: bytes = b""
    waits_for: bytes = b""
    then: bytes = b""
    drip: bytes = b""
    reads: bool = True
    secret: bool = True
    tls: bool = False
    flags: tuple = ()
    most: int = 5000

    def speech_of(self, number):
        return self.speech if self.name != "go_nodes" else registrations(20000 + number, 1)


SMALL_HELLO = hello("node", labels=labels(7000))

KINDS = [
    Kind("silent"),
    Kind("slow_heads", b"GET /status" + HOST, drip=b"X"),
    Kind("no_token", GET * 1000, reads=False),
    Kind("large_body", b"POST /rpc" + HOST + b"Content-Length: %d\r\n\r\n" % (60 * MB) + b"y" * (60 * MB)),
    Kind("json", b'{"jsonrpc":"2.0","method":"Work.say","params":["' + b"y" * (60 * MB)),
    Kind("large_hello", UPGRADE, FRAME, hello("node", labels=labels(500000))),
    Kind("held_hello", UPGRADE, FRAME, SMALL_HELLO[:-1]),
    Kind("go_refused", registrations(20000, 100)),
    Kind("go_nodes", secret=False),
    Kind("tls", tls=True, speech=GET),
    Kind("tls_hello", UPGRADE, FRAME, SMALL_HELLO, tls=True),
    # Whoever sends this may call: here no proof is wanted.
    Kind("batch", batch(), reads=False, secret=False, flags=("--limit", "outbox_bytes=10MB", "--limit", "memory=100MB"), most=100),
]


class Stranger:
    def __init__(self, port, kind, number):
        self.kind = kind
        self.left = memoryview(kind.speech_of(number))
        self.heard = b""
        self.peer = socket.socket()
        if not kind.reads:
            self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.peer.setblocking(False)
        self.peer.connect_ex(("127.0.0.1", port))
        self.secured = not kind.tls

    def go_on(self, events):
        """Whether it is still there."""
        try:
            self.secured or self.secure()
            if events & select.EPOLLIN and self.kind.reads:
                self.hear()
            elif events & (select.EPOLLHUP | select.EPOLLERR):
                return False
            while self.left:
                self.left = self.left[self.peer.send(self.left[:1 << 18]):]
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        except OSError:
            return False
        return self.left is not None

    def secure(self):
        if not isinstance(self.peer, ssl.SSLSocket):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            self.peer = context.wrap_socket(self.peer, do_handshake_on_connect=False)
        self.peer.do_handshake()
        self.secured = True

    def hear(self):
        more = self.peer.recv(1 << 16)
        if not more:
            self.left = None
        elif self.kind.waits_for and self.heard is not None:
            self.heard += more
            if self.kind.waits_for in self.heard:
                self.heard, self.left = None, memoryview(self.kind.then)

    def wants(self):
        return (select.EPOLLIN if self.kind.reads or not self.secured else 0) | (select.EPOLLOUT if self.left else 0)


def attack(port, kind, count):
    poll, strangers, made, next_drip = select.epoll(), {}, 0, 0.0
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and (made < count or strangers):
        for _ in range(min(50, count - made)):
            one = Stranger(port, kind, made)
            made += 1
            strangers[one.peer.fileno()] = one
            poll.register(one.peer.fileno(), select.EPOLLIN | select.EPOLLOUT)
        for number, events in poll.poll(0 if made < count else 0.05):
            if strangers[number].go_on(events):
                poll.modify(number, strangers[number].wants())
            else:
                poll.unregister(number)
                strangers.pop(number).peer.close()
        if kind.drip and time.monotonic() > next_drip:
            next_drip = time.monotonic() + 0.25
            for one in strangers.values():
                one.left = memoryview(kind.drip)


def memory(pid, what):
    with open("/proc/%d/status" % pid) as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(what + ":"))


def flags_of(world, kind):
    """Of the master, and of its nodes and the job."""
    secret = []
    if kind.secret:
        secret = ["--secret-file", world.path("secret")]
        with open(world.path("secret"), "w", opener=lambda path, how: os.open(path, how, 0o600)) as file:
            file.write("a secret of a good length\n")
    if not kind.tls:
        return [*secret, *kind.flags], secret
    pem = lambda name: os.path.join(CERTIFICATES, name)
    return ([*secret, *kind.flags, "--tls-cert", pem("master.pem"), "--tls-key", pem("master.key")],
            [*secret, "--tls-ca", pem("authority.pem")])


def measure(programs, kind, count):
    """Megabytes at the peak above idle, seconds of a processor, milliseconds of 99 of 100 calls."""
    with World(programs[0]) as world:
        own, others = flags_of(world, kind)
        master = world.master(*own)
        for name, program in zip("ab", programs):
            world.program = program
            world.node(master, name, *others, slots=4).says("joined the master")
        world.program = programs[0]
        job = world.start("--connect", master.at, *others, "calls", "rate=200", "us=100", "until=" + world.path("enough"))
        until("the job", lambda: len(calls_of(job)) > 200)
        idle = memory(master.pid, "VmRSS")
        with open("/proc/%d/clear_refs" % master.pid, "w") as file:
            file.write("5")  # VmHWM begins anew
        used, begun = processor_seconds(master.pid), time.monotonic()
        child = os.fork()
        if child == 0:
            attack(master.port, kind, count)
            os._exit(0)
        expect(os.waitpid(child, 0)[1] == 0, "the strangers ended early")
        seconds = processor_seconds(master.pid) - used
        time.sleep(max(0.0, begun + 5 - time.monotonic()))
        open(world.path("enough"), "w").close()
        calls = [one for one in calls_of(job.ends(0)) if one.begin >= begun]
        expect(not any(one.code for one in calls), "a call failed")
        expect(master.stderr().count(" joined (") == 2, "a node left")
        delays = sorted(1000 * (one.end - one.begin) for one in calls)
        return (memory(master.pid, "VmHWM") - idle) / MB, seconds, delays[len(delays) * 99 // 100]


def main():
    global CERTIFICATES
    words = [one for one in sys.argv[1:] if not one.startswith("--")]
    counts = next((json.loads("[%s]" % one[9:]) for one in sys.argv if one.startswith("--counts=")), [1, 100, 5000])
    CERTIFICATES = words[2]
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    print("| kind | strangers | memory, MB | processor, s | 99 of 100 calls within, ms |\n|---|---|---|---|---|")
    for kind in KINDS:
        for count in counts:
            if count <= kind.most and (kind.name in words[3:] or not words[3:]):
                print("| %s | %d | %.1f | %.1f | %.1f |" % (kind.name, count, *measure(words[:2], kind, count)), flush=True)


try:
    main()
except Failure as failure:
    sys.exit(str(failure))
