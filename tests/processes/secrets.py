#!/usr/bin/env python3
"""A cluster with a known secret goes through many failures; neither the secret nor a token derived from it appears in
any output, log, reply, /status, command line or environment."""

import base64
import hashlib
import hmac
import os
import re
import signal
import socket
import urllib.error
import urllib.request

from support import children, expect, hear, main, say, until

SECRET = "Pimpernel-4711-of-a-good-length"
OTHER = "Scarlet-0815-which-is-another-one"


def tokens_of(secret):
    return [hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
            for text in ("dist/1 bearer", "dist/1 viewer")]


def needles():
    found = []
    for secret in (SECRET, OTHER):
        found += [secret, secret.encode().hex(), base64.b64encode(secret.encode()).decode().rstrip("=")]
        found += tokens_of(secret)
    return found


class Witness:
    """Collects everything that a cluster reveals."""

    def __init__(self, world):
        self.world = world
        self.heard = []

    def add(self, where, text):
        self.heard.append((where, text))

    def look(self, pid):
        for name in ("cmdline", "environ"):
            try:
                with open("/proc/%d/%s" % (pid, name), "rb") as file:
                    self.add("%s of %d" % (name, pid), file.read().decode(errors="replace"))
            except OSError:
                pass  # it has ended

    def start(self, *arguments):
        made = self.world.start(*arguments)
        self.look(made.pid)
        return made

    def ask(self, at, path, token=None, body=None, **headers):
        asked = urllib.request.Request("http://%s%s" % (at, path), data=body)
        if token is not None:
            asked.add_header("Authorization", token)
        for name, value in headers.items():
            asked.add_header(name, value)
        try:
            with urllib.request.urlopen(asked, timeout=20) as answer:
                code, text = answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            code, text = refusal.code, refusal.read().decode() + str(refusal.headers)
        self.add(path, text)
        return code

    def shout(self, at, speech):
        host, port = at.rsplit(":", 1)
        with socket.create_connection((host, int(port))) as peer:
            peer.sendall(speech)
            peer.shutdown(socket.SHUT_WR)
            self.add("the answer to %r" % speech[:20], hear(peer))

    def judge(self):
        for one in self.world.processes:
            self.add("the output of %s" % one.arguments, one.stdout())
            self.add("the log of %s" % one.arguments, one.stderr())
        for where, text in self.heard:
            for needle in needles():
                expect(needle.lower() not in text.lower(), "%s shows %s:\n%s" % (where, needle, text[-2000:]))
        say("%d places and %d bytes were looked through" %
            (len(self.heard), sum(len(text) for _, text in self.heard)))


def secret_file(world, name, text, mode=0o600):
    path = world.path(name)
    with open(path, "w") as file:
        file.write(text + "\n")
    os.chmod(path, mode)
    return ["--secret-file", path]


def ask_in_all_ways(witness, at):
    bearer, viewer = tokens_of(SECRET)
    square = b'{"jsonrpc":"2.0","method":"Work.square","params":[12],"id":1}'
    expect(witness.ask(at, "/rpc", "Bearer " + bearer, square) == 200, "the token is right")
    expect(witness.ask(at, "/status", "Bearer " + viewer) == 200, "the token is right")
    expect(witness.ask(at, "/rpc", "Bearer " + viewer, square) == 403, "who may look may not call")
    for wrong in ("Bearer " + SECRET, "Basic " + bearer, bearer, "Bearer " + bearer[:-1], "Bearer " + bearer + "0",
                  "Bearer " + tokens_of(OTHER)[0], "Bearer"):
        expect(witness.ask(at, "/rpc", wrong, square) == 401, wrong + " is accepted as a token")
    expect(witness.ask(at, "/rpc", "Bearer " + bearer, square, Origin="http://elsewhere") == 403, "a foreign page")
    for body in (b"", b"{", b"[]", b'{"method":"Work.none","params":[],"id":1}',
                 b'{"method":"Work.square","params":["x"],"id":1}', b"\xff" * 10):
        witness.ask(at, "/rpc", "Bearer " + bearer, body)
    expect(witness.ask(at, "/nothing", "Bearer " + bearer) == 404, "there is nothing")
    shown = b"Authorization: Bearer " + bearer.encode() + b"\r\n"
    for speech in (b"GET /status HTTP/1.1\r\n" + shown + b"\r\n", b"POST /rpc HTTP/1.1\r\nHost: a\r\nHost: b\r\n" + shown,
                   b"GET /%zz HTTP/1.1\r\nHost: localhost\r\n" + shown + b"\r\n", b"GET /status HTTP/9.9\r\n" + shown,
                   b"POST /rpc HTTP/1.1\r\nHost: localhost\r\n" + shown + b"Content-Length: 99999999999\r\n\r\n",
                   b"GET /status HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 20000 + shown, shown, b'{"method":"Work.square"}'):
        witness.shout(at, speech)


def no_output_contains_a_secret(world):
    witness = Witness(world)
    right, wrong = secret_file(world, "right", SECRET), secret_file(world, "wrong", OTHER)
    loud = ["--log", "debug"]
    # A call that kills nodes ends only after their processes have stayed away that long.
    master = witness.start("--master", "127.0.0.1:0", "--lost-after", "10s", *loud, *right, "serve")
    at = "127.0.0.1:" + master.says(r"listening on [^ ]*:(\d+)").group(1)
    nodes = [witness.start("--join", at, "--name", name, *loud, *right) for name in ("a", "b", "c", "d")]
    for node in nodes:
        node.says("joined the master")
    # Peers that must be rejected: without a secret, with another, one readable by all, too short, or missing.
    for more in ([], wrong):
        witness.start("--join", at, "--name", "e", *loud, *more).ends(2)
        witness.start("--connect", at, *loud, *more, "sum", "3").ends(4)
    for more in (secret_file(world, "open", SECRET, 0o644), secret_file(world, "short", SECRET[:8]),
                 secret_file(world, "lines", SECRET + "\n" + OTHER), ["--secret-file", world.path("none")]):
        started = witness.start("--connect", at, *loud, *more, "sum", "3")
        started.child.wait(60)
    ask_in_all_ways(witness, at)
    # Calls that succeed and calls that fail: a job that throws, one that kills nodes, one that dies, one that is
    # cancelled.
    expect(witness.start("--connect", at, *loud, *right, "sum", "10").ends(0).stdout() == "285\n", "the sum is wrong")
    witness.start("--connect", at, *loud, *right, "throw").ends(1)
    witness.start("--connect", at, *loud, *right, "no_such_job").ends(2)
    witness.start("--connect", at, *loud, *right, "poison").ends(1)
    doomed = witness.start("--connect", at, *loud, *right, "until_cancelled", world.path("doomed"))
    until("its call", lambda: world.lines("doomed"))
    doomed.signal(signal.SIGKILL)
    until("the cancellation", lambda: "cancelled" in world.lines("doomed"))
    alive = [node for node in nodes if node.running()]
    expect(len(alive) == 1, "poison killed %d of 4" % (4 - len(alive)))
    # The master ends, another with another secret takes its place, and ends too.
    waiting = witness.start("--connect", at, *loud, *right, "slow_sum", "5", "50", world.path("waiting"))
    until("its calls", lambda: world.lines("waiting"))
    master.signal(signal.SIGKILL)
    alive[0].says("trying again")
    impostor = witness.start("--master", at, *loud, *wrong, "serve")
    alive[0].ends(2)
    waiting.child.wait(60)
    impostor.says("rejected")
    impostor.signal(signal.SIGTERM)
    impostor.child.wait(60)
    witness.judge()


def embedded_cluster_does_not_reveal_its_secret(world):
    # Its secret is random, so anything long enough to be one counts.
    witness = Witness(world)
    job = witness.start("--local", "2", "--log", "debug", "until_cancelled", world.path("there"))
    until("a call", lambda: world.lines("there"))
    mine = children(job.pid)
    expect(len(mine) == 2, "there are %d nodes" % len(mine))
    for pid in mine:
        for name in ("cmdline", "environ"):
            with open("/proc/%d/%s" % (pid, name), "rb") as file:
                text = file.read()
            parts = text.split(b"\0")
            # The program's own path may look like a secret.
            own = parts[1:] if name == "cmdline" else [part for part in parts if part.startswith(b"DIST_")]
            for part in own:
                expect(not re.search(rb"[0-9a-fA-F]{32}|[0-9A-Za-z+/]{43}", part), "%s: %r" % (name, part))
    job.signal(signal.SIGTERM)
    job.child.wait(60)
    expect(not re.search(r"\b[0-9a-f]{32,}\b", job.stderr()), job.stderr())


main([no_output_contains_a_secret, embedded_cluster_does_not_reveal_its_secret])
