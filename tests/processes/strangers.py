#!/usr/bin/env python3
"""Several jobs on one master, and secrets."""

import os
import signal
import socket

from by_hand import FAULT, frames_over, hello, prove, read_frame
from support import World, expect, free_port, hear, main, status, token_of, until


def killing_a_job_leaves_the_other_running(world):
    master = world.master()
    for name in ("a", "b"):
        world.node(master, name)
    world.joined(master, 2)
    doomed = world.start("--connect", master.at, "until_cancelled", world.path("doomed"))
    until("its call", lambda: world.lines("doomed"))
    other = world.start("--connect", master.at, "slow_sum", "20", "20", world.path("other"))
    until("the other's", lambda: world.lines("other"))
    doomed.signal(signal.SIGKILL)
    doomed.ends(-signal.SIGKILL)
    until("the cancellation", lambda: "cancelled" in world.lines("doomed"))
    other.ends(0)
    expect(other.stdout() == "20\n", other.stdout())
    until("no lease left", lambda: status(master)["in_use"] == 0)


def secret(world, name, text, mode=0o600):
    path = world.path(name)
    with open(path, "w") as file:
        file.write(text + "\n")
    os.chmod(path, mode)
    return path


def node_and_job_with_the_secret_are_accepted(world):
    right = secret(world, "right", "a secret of a good length")
    master = world.master("--secret-file", right)
    node = world.node(master, "a", "--secret-file", right)
    node.says("joined the master")
    job = world.start("--connect", master.at, "--secret-file", right, "sum", "10").ends(0)
    expect(job.stdout() == "285\n", job.stdout())


def wrong_or_missing_secret_is_rejected(world):
    right = secret(world, "right", "a secret of a good length")
    wrong = secret(world, "wrong", "another of a good length")
    master = world.master("--secret-file", right)
    for more, reason in (([], "it left when it was asked for the join secret"),
                         (["--secret-file", wrong], "the join secret is wrong or missing")):
        node = world.node(master, "a", *more).ends(2)
        expect("join secret" in node.stderr() and "--secret-file" in node.stderr(), node.stderr())
        master.says("was rejected: " + reason)
        job = world.start("--connect", master.at, *more, "sum", "3").ends(4)
        expect("secret" in job.stderr(), job.stderr())
    expect(status(master)["nodes"] == [], "a stranger joined")


def unsuitable_secret_files_are_rejected(world):
    open_to_all = secret(world, "open", "a secret of a good length", 0o644)
    job = world.start("--inline", "--secret-file", open_to_all, "serve").ends(2)
    expect("chmod" in job.stderr(), job.stderr())
    short = secret(world, "short", "short")
    world.start("--inline", "--secret-file", short, "serve").ends(2)
    world.start("--inline", "--secret-file", world.path("none"), "serve").ends(2)


def listening_beyond_this_machine_needs_a_secret(world):
    job = world.start("--master", "0.0.0.0:0", "serve").ends(2)
    expect("--secret-file" in job.stderr() and "--insecure" in job.stderr(), job.stderr())
    right = secret(world, "right", "a secret of a good length")
    master = world.master("--secret-file", right, at="0.0.0.0:0")
    master.says("open to peers with the secret")
    node = world.node(master, "a", "--secret-file", right)
    node.says("joined the master")
    world.start("--connect", master.at, "--secret-file", right, "sum", "3").ends(0)
    world.master("--insecure", at="0.0.0.0:0").says("open to everyone")


class Door:
    """Every way that a stranger may try at one address, and the required rejection."""

    def __init__(self, host, port, wrong_file, embedded=False):
        self.host, self.port, self.wrong_file, self.embedded = host, port, wrong_file, embedded
        # A listener for dialling back: no connection may arrive.
        self.listener = socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET)

    def visit(self):
        return socket.create_connection((self.host, self.port))

    def says(self, speech):
        with self.visit() as peer:
            peer.sendall(speech)
            return hear(peer)

    def asks(self, line, *headers, body=b""):
        head = [line + " HTTP/1.1", "Host: localhost", "Connection: close", "Content-Length: %d" % len(body), *headers]
        heard = self.says("\r\n".join(head).encode() + b"\r\n\r\n" + body)
        return int(heard.split()[1]), heard

    def registrations(self):
        port = self.listener.getsockname()[1]
        code, heard = self.asks("GET /register-node?port=%d&slots=100" % port)
        expect(code == 403 and "--go-nodes" in heard, heard)
        expect(self.asks("HEAD /register-node?port=%d" % port)[0] in (403, 405), "HEAD registers")
        self.listener.settimeout(1)
        try:
            self.listener.accept()
        except socket.timeout:
            return
        expect(False, "a stranger is dialled back")

    def frames(self):
        with open(self.wrong_file) as file:
            other = file.read().strip()
        for role in ("node", "caller"):
            for secret in (None, "", other):
                with self.visit() as peer:
                    challenge = frames_over(peer)
                    proof = bytes(32) if secret is None else prove(secret, role, challenge, bytes(32))
                    peer.sendall(hello(role, proof=proof))
                    kind, payload = read_frame(peer)
                    expect(kind == FAULT and b"denied" in payload, repr(payload))
                    peer.shutdown(socket.SHUT_WR)
                    expect(hear(peer) == "", "it goes on")

    def json(self):
        call = b'{"jsonrpc":"2.0","method":"Work.square","params":[12],"id":1}'
        for speech in (call, b"[" + call + b"]", b'{"method":"Work.Square","params":[12],"id":1}', b"{"):
            heard = self.says(speech)
            expect("the cluster has a secret" in heard and "144" not in heard, heard)

    def http(self):
        call = b'{"jsonrpc":"2.0","method":"Work.square","params":[12],"id":1}'
        wrong = "Authorization: Bearer " + token_of(self.wrong_file, "dist/1 bearer")
        for headers in ([], [wrong], ["Authorization: Bearer "], ["Authorization: Basic YTpi"]):
            for line in ("POST /rpc", "POST /drain?node=a", "POST /cancel?job=1"):
                expect(self.asks(line, *headers, body=call if "rpc" in line else b"")[0] == 401, line)
            if not self.embedded:
                for line in ("GET /status", "GET /metrics", "GET /events", "GET /logs?node=a", "HEAD /status"):
                    expect(self.asks(line, *headers)[0] == 401, line)
        code, heard = self.asks("GET /")
        expect(code == 200 and "Work" not in heard, heard)
        expect(self.asks("GET /healthz")[0] == 200, "healthz")


def every_way_in_needs_the_secret(world):
    right = secret(world, "right", "a secret of a good length")
    wrong = secret(world, "wrong", "another of a good length")
    master = world.master("--secret-file", right, at="localhost:%d" % free_port())
    world.node(master, "a", "--secret-file", right).says("joined the master")
    for host in ("127.0.0.1", "::1"):
        door = Door(host, master.port, wrong)
        door.registrations()
        door.frames()
        door.json()
        door.http()
    seen = status(master)
    expect([one["name"] for one in seen["nodes"]] == ["a"], "a stranger joined")
    expect(master.stderr().count(" joined (") == 1 and "connected from" not in master.stderr(), master.stderr())
    expect(world.start("--connect", master.at, "--secret-file", right, "sum", "3").ends(0).stdout() == "5\n", "the sum")


def named_network_may_register_go_nodes(world):
    right = secret(world, "right", "a secret of a good length")
    master = world.master("--secret-file", right, "--go-nodes", "127.0.0.1", at="localhost:%d" % free_port())
    with socket.create_server(("127.0.0.1", 0)) as place:
        with socket.create_connection(("127.0.0.1", master.port)) as peer:
            peer.sendall(b"GET /register-node?port=%d HTTP/1.0\r\n\r\n" % place.getsockname()[1])
            expect(" 201 " in hear(peer), "it is refused")
        place.settimeout(30)
        place.accept()[0].close()
    with socket.create_connection(("::1", master.port)) as peer:
        peer.sendall(b"GET /register-node?port=1 HTTP/1.0\r\n\r\n")
        expect(" 403 " in hear(peer), "the other family was not named")


def embedded_cluster_is_closed_to_others_on_its_machine(world):
    job = world.start("--local", "1", "--log", "debug", "until_cancelled", world.path("there"))
    until("a call", lambda: world.lines("there"))
    port = int(job.says(r"listening on [^ ]*:(\d+)").group(1))
    wrong = secret(world, "wrong", "another of a good length")
    door = Door("127.0.0.1", port, wrong, embedded=True)
    door.registrations()
    door.frames()
    door.json()
    door.http()
    job.signal(signal.SIGTERM)
    job.child.wait(60)


main([every_way_in_needs_the_secret, named_network_may_register_go_nodes,
      embedded_cluster_is_closed_to_others_on_its_machine, killing_a_job_leaves_the_other_running,
      node_and_job_with_the_secret_are_accepted, wrong_or_missing_secret_is_rejected,
      unsuitable_secret_files_are_rejected, listening_beyond_this_machine_needs_a_secret])
