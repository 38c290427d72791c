#!/usr/bin/env python3
"""The command `dist` on a real master and real nodes: each thing that it does, and what it says of bad input.

usage: command.py PROGRAM DIST CERTIFICATES
"""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading

from support import Process, expect, main, status, until

DIST, CERTIFICATES = sys.argv.pop(2), sys.argv.pop(2)


class Outcome:
    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr


def variables(more):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("DIST_")}
    return {**clean, **more}


def dist(*words, code=0, **environment):
    """Runs the command to its end, which must be with this exit code."""
    done = Outcome(subprocess.run([DIST, *words], capture_output=True, text=True, timeout=60,
                                  stdin=subprocess.DEVNULL, env=variables(environment)))
    expect(done.code == code, "dist %s ended with %s, not %s:\n%s%s" % (words, done.code, code, done.out, done.err))
    return done


def refused(code, says, *words, **environment):
    done = dist(*words, code=code, **environment)
    expect(says in done.err, "dist %s says nothing of '%s':\n%s" % (words, says, done.err))
    expect(done.err.startswith("dist: "), done.err)
    return done


def master(world, *flags, at="127.0.0.1:0"):
    """`dist master`."""
    made = Process(DIST, ["master", at, *flags])
    world.processes.append(made)
    made.port = int(made.says(r"listening on [^ ]*:(\d+)").group(1))
    made.at = "127.0.0.1:%d" % made.port
    return made


def nobody_is_there(world):
    for verb in (["nodes"], ["methods"], ["call", "Work.square", "7"]):
        refused(4, "start one: dist master", *verb, "--master", "127.0.0.1:1")
    refused(4, "no master at no.such.host.invalid:3000", "nodes", "-m", "no.such.host.invalid")
    alone = master(world)
    refused(4, "PROGRAM --join localhost:%d" % alone.port, "nodes", "--master", ":%d" % alone.port)
    expect(dist("nodes", "--json", DIST_CONNECT=alone.at, code=4).out == "[]\n", "no empty list")
    refused(1, "no answer within 500 ms", "call", "Work.square", "7", "--within", "500ms", DIST_CONNECT=alone.at)
    alone.signal(signal.SIGINT)
    alone.ends(130)


def another_server_is_told_from_a_master(world):
    """Something that answers each connection with these bytes."""
    def serve(listener, answer):
        while True:
            try:
                peer = listener.accept()[0]
            except OSError:
                return
            with peer:
                peer.recv(4096)
                peer.sendall(answer)

    for answer, says in ((b"SSH-2.0-OpenSSH_9.2\r\n", "does not answer as a dist master"),
                         (b"", "does not answer as a dist master"),
                         (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "is no dist master"),
                         (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "is the address right")):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            threading.Thread(target=serve, args=(listener, answer), daemon=True).start()
            refused(4, says, "nodes", "--master", "127.0.0.1:%d" % listener.getsockname()[1])
            listener.shutdown(socket.SHUT_RDWR)


def tls_is_spoken(world):
    def pem(name):
        return os.path.join(CERTIFICATES, name)

    on = master(world, "--tls-cert", pem("master.pem"), "--tls-key", pem("master.key"), at="localhost:0")
    at = "localhost:%d" % on.port
    world.start("--join", at, "--name", "a", "--tls-ca", pem("authority.pem"))
    on.says("node a joined")
    expect("living" in dist("nodes", "--tls-ca", pem("authority.pem"), DIST_CONNECT=at).out, "no node over TLS")
    expect(dist("call", "Work.square", "5", DIST_CONNECT=at, DIST_TLS_CA=pem("authority.pem")).out == "25\n", "a call")
    refused(2, "speaks TLS: add --tls-ca FILE", "nodes", "--master", at)
    refused(4, "no master at", "nodes", "--master", at, "--tls")
    refused(2, "none.pem", "nodes", "--master", at, "--tls-ca", pem("none.pem"))


def nodes_and_methods_are_listed(world):
    on = master(world)
    world.nodes(on, ["a"], "--label", "gpu=1", slots=3)
    world.nodes(on, ["long-name"])
    expect("another build" not in on.stderr(), on.stderr())
    heading, first, second = dist("nodes", "--master", on.at).out.splitlines()
    expect(heading.split()[:3] == ["NAME", "STATE", "SLOTS"], heading)
    expect(first.split()[:5] == ["a", "living", "3", "0", "0"] and "gpu=1" in first, first)
    expect(second.split()[:3] == ["long-name", "living", "1"], second)
    expect(heading.index("STATE") == first.index("living") == second.index("living"), "no table")
    listed = json.loads(dist("nodes", "--json", "--master", on.at).out)
    expect([(one["name"], one["slots"], one["labels"]) for one in listed] ==
           [("a", 3, {"gpu": "1"}), ("long-name", 1, {})], listed)
    lines = [line.split() for line in dist("methods", "--master", on.at).out.splitlines()]
    expect(["Work.square", "int64", "int64", "yes", "2"] in lines, lines)
    expect(["Work.pid", "-", "int64", "yes", "2"] in lines, lines)
    expect(["Work.slow_once", "int64,text", "int64", "no", "2"] in lines, lines)
    listed = json.loads(dist("methods", "--json", "--master", on.at).out)
    expect({"name": "Work.square", "arguments": "tuple<int64>", "result": "int64", "repeatable": True, "nodes": 2}
           in listed, listed)


def calls_are_made(world):
    on = master(world)
    node = world.nodes(on, ["a"])["a"]

    def call(*words, **more):
        return dist("call", *words, DIST_CONNECT=on.at, **more)

    expect(call("Work.square", "-12").out == "144\n", "-12 squared")
    expect(call("Work.square", " 3000000000 ").out == "9000000000000000000\n", "a large number is exact")
    expect(call("Work.pid").out == "%d\n" % node.pid, "no arguments")
    expect(call("Work.slow", "1", json.dumps(world.path("log"))).out == "%d\n" % node.pid, "two arguments")
    expect(json.loads(call("Work.square", "7", "--json").out) == {"result": 49}, "JSON")

    for words, code, says in ((["Work.cube", "7"], 1, "no node has the method Work.cube"),
                              (["Work.cube", "7"], 1, "see: dist methods"),
                              (["Work.square"], 1, "0 arguments given, 1 expected"),
                              (["Work.square", "[7]"], 1, "see: dist methods"),
                              (["Work.square", "seven"], 2, "argument 1, seven, is no JSON"),
                              (["Work.square", "1", "2,3"], 2, "argument 2, 2,3, is no JSON"),
                              (["Work.square", ""], 2, "argument 1, , is no JSON"),
                              ([], 2, "usage: dist call METHOD [JSON...]")):
        refused(code, says, "call", *words, DIST_CONNECT=on.at)
    failed = json.loads(call("Work.cube", "7", "--json", code=1).out)
    expect(failed["error"]["data"]["code"] == "unknown_method", failed)
    # Whoever gives up takes the call along.
    refused(1, "no answer within 300 ms", "call", "Work.until_cancelled", json.dumps(world.path("words")), "--within",
            "300ms", DIST_CONNECT=on.at)
    until("the end of the method", lambda: "cancelled" in world.lines("words"))
    until("its slot", lambda: status(on)["in_use"] == 0)


def a_cluster_with_a_secret(world):
    secret = world.path("secret")
    said = dist("secret", secret).out
    expect(secret in said and "--secret-file" in said, said)
    mode = stat.S_IMODE(os.stat(secret).st_mode)
    expect(mode == 0o600, "mode %o" % mode)
    with open(secret) as file:
        content = file.read()
    expect(len(content) == 45, "no secret of 32 bytes: %d characters" % len(content))
    refused(1, "File exists", "secret", secret)
    with open(secret) as file:
        expect(file.read() == content, "it was overwritten")
    refused(1, "make its folder first", "secret", world.path("none/secret"))
    refused(2, "usage: dist secret FILE", "secret")
    other = world.path("other")
    expect(json.loads(dist("secret", other, "--json").out) == {"file": other}, "JSON")
    with open(other) as file:
        expect(file.read() != content, "the same secret twice")

    on = master(world, "--secret-file", secret, at="0.0.0.0:0")
    world.node(on, "a", "--secret-file", secret)
    until("node a", lambda: dist("nodes", "--master", on.at, "--secret-file", secret).out.count("living") == 1
          if status(on)["nodes"] else False)
    expect(dist("call", "Work.square", "5", DIST_CONNECT=on.at, DIST_SECRET_FILE=secret).out == "25\n", "a call")
    refused(2, "add --secret-file FILE", "call", "Work.square", "5", "--master", on.at)
    refused(2, "is not that of the cluster", "call", "Work.square", "5", "--master", on.at, "--secret-file", other)
    refused(2, "cannot be read", "nodes", "--master", on.at, "--secret-file", world.path("none"))
    # The token would travel in the clear.
    refused(2, "add --tls-ca FILE", "nodes", "--master", "192.0.2.1:3000", "--secret-file", secret)


def wrong_use_is_refused(world):
    refused(2, "dist --help")
    refused(2, "there is no command 'node'", "node")
    refused(2, "usage: dist nodes", "nodes", "all")
    refused(2, "--colour", "nodes", "--colour")
    refused(2, "--master x:y", "nodes", "--master", "x:y")
    refused(2, "--within soon", "nodes", "--within", "soon")
    refused(2, "--why is for call", "nodes", "--why")
    expect("usage: dist COMMAND" in dist("--help").out, "help")
    expect("usage: dist call METHOD" in dist("call", "--help").out, "help of call")
    expect("usage: dist call METHOD" in dist("help", "call").out, "help call")
    expect("usage: dist master" in dist("master", "--help").out, "help of master")
    expect("usage: dist master" in dist("help", "master").out, "help master")
    expect(dist("--version").out.startswith("dist "), "version")
    expect(dist("master", "--nope", code=2).err.count("--nope") == 1, "a flag that nobody knows")


main([nobody_is_there, another_server_is_told_from_a_master, tls_is_spoken, nodes_and_methods_are_listed, calls_are_made,
      a_cluster_with_a_secret, wrong_use_is_refused])
