#!/usr/bin/env python3
"""Malicious peers on real sockets while an honest job makes calls: memory and processor time stay bounded, rejected
peers are told which limit they hit, and the honest job is not affected."""

import os
import resource
import select
import signal
import socket
import struct
import time

from by_hand import HELLO, REQUEST, UPGRADE, frames_over, header, hello, read_exactly, text
from support import all_answered, calls_of, expect, hear, is_long, main, processor_seconds, say, status, until

MB = 1 << 20
# For this process and those that it starts: a crowd needs more descriptors than a shell usually allows.
resource.setrlimit(resource.RLIMIT_NOFILE, (min(8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),
                                            resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
# Allowance for noise of the test: heap buffers and the sanitizers' shadow memory.
ROOM = 64 * MB * (6 if os.environ.get("SANITIZED_BY") else 1)
# What all unproven peers together may cost.
STRANGERS_ROOM = 100 * MB * (6 if os.environ.get("SANITIZED_BY") else 1)


def resident(process):
    with open("/proc/%d/statm" % process.pid) as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Attack:
    """A master, a node and an honest job; at the end every call of the job has been answered and the master has not
    grown."""

    def __init__(self, world, *flags):
        self.world = world
        self.master = world.master(*flags)
        world.nodes(self.master, ["a"], *flags, slots=2)
        self.job = world.start("--connect", self.master.at, *flags, "calls", "rate=50", "us=1000",
                               "until=" + world.path("enough"))
        until("the job", lambda: len(calls_of(self.job)) > 10)
        self.before = resident(self.master)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if error[0]:
            return
        so_far = len(calls_of(self.job))
        until("the honest job", lambda: len(calls_of(self.job)) > so_far + 20)
        open(self.world.path("enough"), "w").close()
        calls = all_answered(self.job)
        self.bounded()
        expect(self.master.stderr().count(" joined (") == 1, "the node left")
        say("%d honest calls, the slowest took %.0f ms; the master grew by %.1f MB" %
            (len(calls), 1000 * max(one.end - one.begin for one in calls),
             (resident(self.master) - self.before) / MB))

    def bounded(self, room=ROOM):
        grown = resident(self.master) - self.before
        expect(grown < room, "the master grew by %d MB" % (grown // MB))

    def visit(self, count=1):
        made = [socket.create_connection(("127.0.0.1", self.master.port)) for _ in range(count)]
        return made if count > 1 else made[0]


def tell(peer, data):
    """Sends as much as the other end takes; it may close at any time."""
    try:
        peer.sendall(data)
    except OSError:
        pass


def is_closed(peer):
    readable, _, _ = select.select([peer], [], [], 0)
    if not readable:
        return False
    try:
        return peer.recv(65536) == b""
    except ConnectionError:
        return True


def frames(attack):
    """A connection after the upgrade to dist/1 and the challenge."""
    peer = attack.visit()
    frames_over(peer)
    return peer


def caller(attack):
    """The same, after the welcome."""
    peer = frames(attack)
    peer.sendall(hello())
    welcome = read_exactly(peer, 24)
    read_exactly(peer, struct.unpack_from("<I", welcome, 8)[0])
    return peer


def request(number, arguments, method=b"Tasks.mirror"):
    """A request by name, with JSON arguments."""
    prefix = bytes([len(method)]) + method
    prefix += bytes(-len(prefix) % 8)
    return header(REQUEST, len(prefix) + len(arguments), flags=2, codec=1, number=number) + prefix + arguments


def trickling_bytes_are_cut_off(world):
    # Single bytes count as a sign of life, but a head and a handshake each have one limit for the whole.
    with Attack(world) as attack:
        heads = attack.visit(100)
        shy = [frames(attack) for _ in range(20)]
        silent = attack.visit(20)
        begun, used = time.monotonic(), processor_seconds(attack.master.pid)
        speech = UPGRADE[:-2] + b"X: " + b"x" * 1000
        greeting = hello()
        said = 0
        everybody = heads + shy + silent
        while everybody and time.monotonic() < begun + 40:
            for peer in heads:
                tell(peer, speech[said:said + 1])
            for peer in shy:
                tell(peer, greeting[said:said + 1])
            said += 1
            time.sleep(0.25)
            everybody = [peer for peer in everybody if not is_closed(peer)]
        took = time.monotonic() - begun
        share = (processor_seconds(attack.master.pid) - used) / took
        say("all were closed after %.1f s, with %.1f %% of a processor" % (took, 100 * share))
        expect(not everybody, "%d were never closed" % len(everybody))
        expect(took > 9, "they were closed after %.1f s" % took)
        late = attack.visit()
        late.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        expect("200 OK" in hear(late), "no answer to an honest one")


def half_sent_messages_leave_nothing_behind(world):
    with Attack(world) as attack:
        wholes = [UPGRADE, b'{"method":"Tasks.nap","params":[1,1,""],"id":1}',
                  b"POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n" + b"[" * 50]
        for turn in range(300 if is_long() else 60):
            whole = wholes[turn % 3]
            peer = attack.visit()
            tell(peer, whole[:len(whole) // 2 + turn % 7])
            if turn % 2:
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.close()
        for part in (hello()[:30], hello()[:-1]):
            frames(attack).sendall(part)
        for turn in range(10):
            peer = caller(attack)
            tell(peer, request(1, b'["aaaa"]')[:20 + 3 * turn])
            peer.close()
        until("they are forgotten", lambda: status(attack.master)["in_use"] <= 2)


def huge_announced_lengths_are_rejected(world):
    with Attack(world) as attack:
        for length in (0xFFFFFFFF, 0x7FFFFFFF, (4 << 20) + 1):
            peer = frames(attack)
            peer.sendall(header(HELLO, length) + b"x")
            hear(peer)
            attack.master.says(r"a frame of %d bytes; the limit \(hello_bytes\) is 4194304" % length)
        for length in (0xFFFFFFFF, (1 << 30) + 1):
            peer = caller(attack)
            peer.sendall(header(REQUEST, length, flags=2, codec=1) + b"x")
            hear(peer)
            attack.master.says(r"a frame of %d bytes; the limit \(frame_bytes\) is 1073741824" % length)
        # The largest allowed length, announced but not sent: many at once take no memory before their bytes
        # arrive.
        patient = [caller(attack) for _ in range(100)]
        for peer in patient:
            peer.sendall(header(REQUEST, 1 << 30, flags=2, codec=1) + b"x" * 16)
        for length, limit in ((1 << 32, "message_bytes"), (1 << 63, "message_bytes")):
            peer = attack.visit()
            peer.sendall(b"POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\nx" % length)
            heard = hear(peer)
            expect(" 413 " in heard and limit in heard, heard)
        peer = attack.visit()
        peer.sendall(b"GET /" + b"x" * 20000)
        heard = hear(peer)
        expect(" 414 " in heard and "http_head_bytes" in heard, heard)
        peer = attack.visit()
        peer.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 20000)
        heard = hear(peer)
        expect(" 431 " in heard and "http_head_bytes" in heard, heard)
        attack.bounded()


def deep_nesting_is_rejected(world):
    with Attack(world) as attack:
        for opening in (b"[", b'{"a":'):
            deep = opening * 1000000
            peer = attack.visit()
            tell(peer, deep)
            heard = hear_line(peer)
            expect("64 levels (depth)" in heard, heard)
            peer = attack.visit()
            tell(peer, b"POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(deep))
            tell(peer, deep)
            heard = hear_line(peer, b"}")
            expect("64 levels (depth)" in heard, heard)
            # In the arguments of a method; the connection stays open.
            peer = caller(attack)
            peer.sendall(request(1, deep) + request(2, b'["AQID"]'))
            answers = answers_of(peer, 2)
            expect(b"nested deeper than 64 levels (depth)" in answers[1], repr(answers[1][:300]))
            expect(answers[2] == b'"AwIB"', repr(answers[2]))


def hear_line(peer, end=b"\n"):
    """Returns one reply; the other end may or may not close."""
    peer.settimeout(30)
    heard = b""
    try:
        while not heard.endswith(end) and (more := peer.recv(65536)):
            heard += more
    except ConnectionError:
        pass
    return heard.decode(errors="replace")


def answers_of(peer, count):
    """Returns the payloads of `count` replies and faults by the number of their request."""
    found = {}
    while len(found) < count:
        head = read_exactly(peer, 24)
        length, number = struct.unpack_from("<I", head, 8)[0], struct.unpack_from("<I", head, 16)[0]
        found[number] = read_exactly(peer, length)
    return found


def peers_that_never_read_are_bounded(world):
    with Attack(world) as attack:
        used, begun = processor_seconds(attack.master.pid), time.monotonic()
        page = b"GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n"
        line = b'{"method":"Tasks.none","params":["' + b"x" * 1000 + b'"],"id":1}\n'
        mirror = b"".join(request(i, b'["' + b"A" * 4000 + b'"]') for i in range(1, 101))
        # Each peer sends as much as its connection accepts.
        peers = [(peer, page * 100) for peer in attack.visit(10)] + [(peer, line * 100) for peer in attack.visit(10)]
        peers += [(caller(attack), mirror) for _ in range(4)]
        sent = 0
        for peer, _ in peers:
            peer.setblocking(False)
        end = time.monotonic() + (20 if is_long() else 3)
        while time.monotonic() < end:
            for peer, speech in list(peers):
                try:
                    sent += peer.send(speech)
                except BlockingIOError:
                    pass
                except OSError:
                    peers.remove((peer, speech))
            time.sleep(0.01)
        say("%.1f MB of requests were taken" % (sent / MB))
        # The master serves them at bounded cost, and the honest job alongside.
        attack.bounded(6 * 256 * MB)
        for peer, _ in peers:
            peer.close()
        until("their calls are gone", lambda: status(attack.master)["queued"] == 0)
        stopped = world.job(attack.master, "mirrors", "callers=50", "rounds=100", "bytes=200000")
        until("it connects", lambda: status(attack.master)["in_use"] > 0)
        time.sleep(0.5)
        stopped.signal(signal.SIGSTOP)
        so_far = len(calls_of(attack.job))
        until("the honest job", lambda: len(calls_of(attack.job)) > so_far + 50)
        stopped.signal(signal.SIGKILL)
        until("its calls are gone", lambda: status(attack.master)["queued"] == 0)
        attack.before = max(attack.before, resident(attack.master))  # the heap keeps some


def unknown_protocols_and_frames_do_no_harm(world):
    with Attack(world) as attack:
        for speech in (b"\x16\x03\x01\x02\x00" + bytes(512), b"\x00" * 100, os.urandom(4096), b" " * 100,
                       b"SSH-2.0-stranger\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\xd1\x57\x01\x04" + bytes(20)):
            peer = attack.visit()
            tell(peer, speech)
            peer.shutdown(socket.SHUT_WR)
            hear(peer)
        # After a valid handshake: frames that a caller must not send, and unknown ones.
        for frame in (header(HELLO, 0), header(1, 0), header(9, 0), header(5, 0), header(200, 0), header(REQUEST, 0),
                      b"GET / HTTP/1.1\r\n\r\n" + bytes(24), request(1, b"[")[:-1] + b"\xff" * 50):
            peer = caller(attack)
            tell(peer, frame)
            peer.shutdown(socket.SHUT_WR)
            hear(peer)


def a_secret(world):
    path = world.path("secret")
    with open(path, "w") as file:
        file.write("a secret of a good length\n")
    os.chmod(path, 0o600)
    return "--secret-file", path


def large_unproven_hellos_are_bounded(world):
    with Attack(world, *a_secret(world)) as attack:
        labels = b"".join(b"\x66%06x\x60" % i for i in range(500000))
        large = hello("node", labels=b"\xba" + struct.pack(">I", 500000) + labels)
        small = hello("node", labels=b"\xb9" + struct.pack(">H", 7000) + labels[:8 * 7000])
        expect(len(small) < 64 << 10 < 4 << 20 < len(large) + (1 << 20), "%d, %d" % (len(small), len(large)))
        used = processor_seconds(attack.master.pid)
        for speech in (large, small) * 24:
            tell(frames(attack), speech)
        # None is read to its end, but all pending bytes count.
        held = []
        for _ in range(500):
            held.append(frames(attack))
            tell(held[-1], small[:-1])
        attack.bounded(STRANGERS_ROOM)
        used = processor_seconds(attack.master.pid) - used
        say("they cost %.1f s of a processor" % used)
        attack.master.says(r"the limit \(unproven_hello_bytes\) is 65536")
        attack.master.says("7000 labels; the maximum is 256")
        attack.master.says(r"reached the limit \(unproven_bytes\) of 33554432 bytes")


def large_unproven_json_is_bounded(world):
    with Attack(world, *a_secret(world)) as attack:
        endless = b'{"jsonrpc":"2.0","method":"Tasks.none","params":["' + b"y" * (4 << 20)
        for _ in range(80):
            peer = attack.visit()
            tell(peer, endless)
            expect("bearer token" in hear_line(peer), "it is not refused")
        attack.bounded(STRANGERS_ROOM)
        attack.master.says("more lines of this kind were suppressed")


def silent_connections_are_bounded(world):
    with Attack(world, *a_secret(world)) as attack:
        crowd = attack.visit(3000)
        attack.bounded(STRANGERS_ROOM)
        attack.master.says(r"reached the limit \(unproven_bytes\) of 33554432 bytes")
        for peer in crowd:
            peer.close()
        for _ in range(3000):
            tell(attack.visit(), b"\x01\x02\x03\x04")
        until("they are counted", lambda: "more lines of this kind were suppressed" in attack.master.stderr())
        expect(attack.master.stderr().count("sent something other than a dist or HTTP request") < 20, "the log grows with every one")


def registrations_of_absent_go_nodes_are_limited(world):
    with Attack(world) as attack:
        peer = attack.visit()
        speech = b"".join(b"GET /register-node?port=%d HTTP/1.1\r\nHost: localhost\r\n\r\n" % port
                          for port in range(20000, 23000))
        peer.sendall(speech + b"GET /healthz HTTP/1.0\r\n\r\n")
        heard = hear(peer)
        expect(heard.count(" 201 ") <= 2 * 64 and heard.count(" 503 ") > 2800, "%d are accepted" % heard.count(" 201 "))
        attack.bounded(STRANGERS_ROOM)
        late = attack.visit()
        late.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        expect("200 OK" in hear(late), "no answer to an honest one")
        expect(attack.master.stderr().count("Go node") < 30, "the log grows with every one")


main([trickling_bytes_are_cut_off, half_sent_messages_leave_nothing_behind, huge_announced_lengths_are_rejected,
      deep_nesting_is_rejected, peers_that_never_read_are_bounded, unknown_protocols_and_frames_do_no_harm,
      large_unproven_hellos_are_bounded, large_unproven_json_is_bounded, silent_connections_are_bounded,
      registrations_of_absent_go_nodes_are_limited])
