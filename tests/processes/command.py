#!/usr/bin/env python3
"""The command `dist` on a real master and real nodes: every subcommand, and its errors on bad input.

usage: command.py PROGRAM DIST CERTIFICATES
"""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading

from support import Process, expect, main, status, until, viewer_token

DIST, CERTIFICATES = sys.argv.pop(2), sys.argv.pop(2)


class Outcome:
    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr


def variables(more):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("DIST_")}
    return {**clean, **more}


def dist(*words, code=0, **environment):
    """Runs the command to its end and checks its exit code."""
    done = Outcome(subprocess.run([DIST, *words], capture_output=True, text=True, timeout=60,
                                  stdin=subprocess.DEVNULL, env=variables(environment)))
    expect(done.code == code, "dist %s ended with %s, not %s:\n%s%s" % (words, done.code, code, done.out, done.err))
    return done


def refused(code, says, *words, **environment):
    done = dist(*words, code=code, **environment)
    expect(says in done.err, "dist %s does not mention '%s':\n%s" % (words, says, done.err))
    expect(done.err.startswith("dist: "), done.err)
    return done


def master(world, *flags, at="127.0.0.1:0"):
    """Starts `dist master`."""
    made = Process(DIST, ["master", at, *flags])
    world.processes.append(made)
    made.port = int(made.says(r"listening on [^ ]*:(\d+)").group(1))
    made.at = "127.0.0.1:%d" % made.port
    made.token = viewer_token(flags)
    return made


def missing_master_or_nodes_are_reported(world):
    for verb in (["nodes"], ["methods"], ["call", "Work.square", "7"]):
        refused(4, "start one: dist master", *verb, "--master", "127.0.0.1:1")
    refused(4, "no master at no.such.host.invalid:3000", "nodes", "-m", "no.such.host.invalid")
    alone = master(world)
    refused(4, "PROGRAM --join localhost:%d" % alone.port, "nodes", "--master", ":%d" % alone.port)
    expect(dist("nodes", "--json", DIST_CONNECT=alone.at, code=4).out == "[]\n", "no empty list")
    refused(1, "no reply within 500 ms", "call", "Work.square", "7", "--within", "500ms", DIST_CONNECT=alone.at)
    alone.signal(signal.SIGINT)
    alone.ends(130)


def other_servers_are_not_taken_for_a_master(world):
    """Any server that answers each connection with fixed bytes."""
    def serve(listener, answer):
        while True:
            try:
                peer = listener.accept()[0]
            except OSError:
                return
            with peer:
                peer.recv(4096)
                peer.sendall(answer)

    for answer, says in ((b"SSH-2.0-OpenSSH_9.2\r\n", "did not reply like a dist master"),
                         (b"", "did not reply like a dist master"),
                         (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "is not a dist master"),
                         (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "check the address")):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            threading.Thread(target=serve, args=(listener, answer), daemon=True).start()
            refused(4, says, "nodes", "--master", "127.0.0.1:%d" % listener.getsockname()[1])
            listener.shutdown(socket.SHUT_RDWR)


def commands_work_over_tls(world):
    def pem(name):
        return os.path.join(CERTIFICATES, name)

    on = master(world, "--tls-cert", pem("master.pem"), "--tls-key", pem("master.key"), at="localhost:0")
    at = "localhost:%d" % on.port
    world.start("--join", at, "--name", "a", "--tls-ca", pem("authority.pem"))
    on.says("node a joined")
    expect("living" in dist("nodes", "--tls-ca", pem("authority.pem"), DIST_CONNECT=at).out, "no node over TLS")
    expect(dist("call", "Work.square", "5", DIST_CONNECT=at, DIST_TLS_CA=pem("authority.pem")).out == "25\n", "a call")
    refused(2, "requires TLS; add --tls-ca FILE", "nodes", "--master", at)
    untrusted = refused(2, "is not trusted", "nodes", "--master", at, "--tls").err
    expect("no master at" not in untrusted and "--tls-ca FILE" in untrusted, untrusted)
    demanding = master(world, "--tls-cert", pem("master.pem"), "--tls-key", pem("master.key"), "--tls-ca", pem("authority.pem"),
                       at="localhost:0")
    refused(2, "requires a certificate: --tls-cert FILE --tls-key FILE", "nodes", "--master", "localhost:%d" % demanding.port,
            "--tls-ca", pem("authority.pem"))
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


def call_prints_the_result_or_the_error(world):
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
                              (["Work.square", "seven"], 2, "argument 1, seven, is not valid JSON"),
                              (["Work.square", "1", "2,3"], 2, "argument 2, 2,3, is not valid JSON"),
                              (["Work.square", ""], 2, "argument 1, , is not valid JSON"),
                              ([], 2, "usage: dist call METHOD [JSON...]")):
        refused(code, says, "call", *words, DIST_CONNECT=on.at)
    failed = json.loads(call("Work.cube", "7", "--json", code=1).out)
    expect(failed["error"]["data"]["code"] == "unknown_method", failed)
    # A caller that gives up cancels its call.
    refused(1, "no reply within 300 ms", "call", "Work.until_cancelled", json.dumps(world.path("words")), "--within",
            "300ms", DIST_CONNECT=on.at)
    until("the end of the method", lambda: "cancelled" in world.lines("words"))
    until("its slot", lambda: status(on)["in_use"] == 0)


def oversized_result_names_the_limit(world):
    on = master(world, "--limit", "memory=150MB")
    world.node(on, "a", slots=2)
    where = {"DIST_CONNECT": on.at}
    # The limit of this command.
    refused(1, "longer than the maximum of 67108864 bytes (message_bytes); raise this command's limit: "
               "--limit message_bytes=SIZE", "call", "Work.long_text", "70000000", **where)
    given = dist("call", "--limit", "message_bytes=100MB", "Work.long_text", "70000000", **where)
    expect(len(given.out) == 70000003, len(given.out))
    refused(2, "unknown limit", "call", "--limit", "message=1", "Work.pid", **where)
    # The limit of the master: one fault, and the node stays.
    refused(1, "the limit (memory) of 150000000 bytes", "call", "--limit", "message_bytes=1GB", "Work.long_text",
            "200000000", **where)
    expect(len(status(on)["nodes"]) == 1 and "left" not in on.stderr(), on.stderr())


def call_why_shows_where_the_call_waited_and_ran(world):
    on = master(world)
    waiting = Process(DIST, ["call", "--why", "Work.square", "5", "--master", on.at])
    world.processes.append(waiting)
    waiting.says("dist: waiting: no node has joined")
    world.node(on, "late", slots=2)
    expect(waiting.ends(0).stdout() == "25\n", waiting.stdout())
    waiting.says("dist: it has ended on node late, the least loaded that could take it, 1 of 2 slots in use")
    answer = json.loads(dist("call", "--why", "--json", "Work.square", "6", DIST_CONNECT=on.at).out)
    expect(answer["result"] == 36 and "ended on node late" in answer["why"], answer)
    failed = json.loads(dist("call", "--why", "--json", "Work.cube", "6", DIST_CONNECT=on.at, code=1).out)
    expect("it was not sent to a node" in failed["why"], failed)
    expect("it has ended" not in dist("call", "Work.square", "6", DIST_CONNECT=on.at).err, "explained without --why")


def call_passes_on_the_traceparent(world):
    on = master(world)
    world.node(on, "a")
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    expect(dist("call", "Work.trace", "--traceparent", trace, DIST_CONNECT=on.at).out == '"%s"\n' % trace, "by flag")
    expect(dist("call", "Work.trace", DIST_CONNECT=on.at, TRACEPARENT=trace).out == '"%s"\n' % trace, "by variable")
    expect(dist("call", "Work.trace", DIST_CONNECT=on.at, TRACEPARENT="nonsense").out == '""\n', "not its business")
    refused(2, "not a traceparent, such as 00-", "call", "Work.trace", "--traceparent", "x", DIST_CONNECT=on.at)


def exception_text_is_escaped(world):
    on = master(world)
    world.nodes(on, ["a"])
    done = refused(1, "\\x1b[31mred\\x1b[0m", "call", "Work.fail", '"\\u001b[31mred\\u001b[0m\\u0007"', "-m", on.at)
    expect("\x1b" not in done.err and "\x07" not in done.err, repr(done.err))


def drained_node_finishes_and_leaves(world):
    on = master(world)
    nodes = world.nodes(on, ["a", "b"])
    slow = Process(DIST, ["call", "Work.slow", "3000", json.dumps(world.path("log")), "--master", on.at])
    world.processes.append(slow)
    busy = int(until("a method that runs", lambda: world.lines("log"))[0])
    name = [one for one in nodes if nodes[one].pid == busy][0]
    refused(1, "node %s has not left yet: it still runs 1 call" % name, "drain", name, "--within", "1ms", "--master", on.at)
    expect([line.split()[1] for line in dist("nodes", "-m", on.at).out.splitlines() if line.split()[0] == name] ==
           ["draining"], "the state")
    expect(dist("drain", name, "--master", on.at).out == name + " has left\n", "drain")
    expect(slow.ends(0).stdout() == "%d\n" % busy, "the call that it ran")
    nodes[name].ends(0)
    refused(1, "there is no node '%s'; the nodes are: " % name, "drain", name, "--master", on.at)
    refused(2, "usage: dist drain NODE", "drain", "--master", on.at)
    (other,) = [one for one in nodes if one != name]
    expect(json.loads(dist("drain", other, "--json", "-m", on.at).out) == {"node": other, "state": "gone"}, "JSON")
    nodes[other].ends(0)


def drain_ends_at_the_limit_of_the_node(world):
    on = master(world)
    node = world.nodes(on, ["a"], "--drain-limit", "1s")["a"]
    endless = Process(DIST, ["call", "Work.slow_once", "30000", json.dumps(world.path("log")), "--master", on.at])
    world.processes.append(endless)
    until("a method that runs", lambda: world.lines("log"))
    expect(dist("drain", "a", "--master", on.at).out == "a has left\n", "drain")
    endless.ends(1)
    expect("the drain limit expired" in endless.stderr(), endless.stderr())
    node.ends(0)


def logs_shows_what_nodes_print(world):
    one = master(world, "--heartbeat", "100ms")
    at = {"DIST_CONNECT": one.at}
    nodes = world.start("--join", one.at, "--procs", "1", "--name", "ws07", "--log", "warn")
    world.joined(one, 1)
    expect(dist("logs", "ws07-1", **at).out == "", "it has printed nothing")
    followed = Process(DIST, ["logs", "ws07-1", "--follow", "--master", one.at])
    world.processes.append(followed)
    dist("call", "Work.print", '"hello\\n"', "1", "0", **at)
    until("it is there", lambda: dist("logs", "ws07-1", **at).out == "hello\n[to stderr]\n")
    dist("call", "Work.print", '"again\\n"', "1", "0", **at)
    until("what comes later", lambda: followed.stdout() == "hello\n[to stderr]\nagain\n[to stderr]\n")
    shown = json.loads(dist("logs", "ws07-1", "--json", **at).out)
    expect(shown == {"node": "ws07-1", "text": followed.stdout()}, shown)
    world.node(one, "alone")
    world.joined(one, 2)
    refused(1, "start it with --procs or --local", "logs", "alone", **at)
    refused(1, "there is no node 'absent'", "logs", "absent", **at)
    refused(2, "dist logs NODE --follow", "nodes", "--follow", **at)
    refused(2, "usage: dist logs NODE", "logs", **at)
    nodes.signal(signal.SIGTERM)
    nodes.ends(0)
    expect(dist("logs", "ws07-1", **at).out == followed.stdout(), "it is kept when the node has left")


def jobs_are_listed_and_cancelled(world):
    on = master(world)
    world.nodes(on, ["a"], slots=2)
    refused(0, "no job is connected; start one: PROGRAM --connect", "jobs", "--master", on.at)
    expect(dist("jobs", "--json", "--master", on.at).out == "[]\n", "no empty list")
    jobs = [world.start("--connect", on.at, "--name", name, "slow_sum", "100000", "20", world.path(name))
            for name in ("one", "two", "two")]
    for name in ("one", "two"):
        until("calls of " + name, lambda: len(world.lines(name)) > 1)
    listed = until("three jobs", lambda: (lambda all: len(all) == 3 and all)(
        json.loads(dist("jobs", "--json", "--master", on.at).out)))
    expect(sorted(one["name"] for one in listed) == ["one", "two", "two"], listed)
    until("their calls", lambda: all(one["calls"] > 0 and one["ended"] > 0 for one in json.loads(dist("jobs", "--json", "-m", on.at).out)))
    # Jobs report their progress once a second; the first report may show none yet.
    until("their progress", lambda: all(one["fan_outs"] and one["fan_outs"][0]["done"] > 0
                                        for one in json.loads(dist("jobs", "--json", "--master", on.at).out)))
    lines = dist("jobs", "--master", on.at).out.splitlines()
    expect(len(lines) == 7, lines)
    expect(lines[0].split() == ["JOB", "NAME", "STATE", "CALLS", "ENDED", "RATE", "AGE", "ADDRESS"], lines)
    for job, line in zip(sorted(one["job"] for one in listed), lines[4:]):
        expect(re.match(r"job %d: map_reduce of Work.slow  \[=*>? *\]  \d+ %%  [\d,]+/s  .+ left$" % job, line), line)
    far = json.loads(dist("jobs", "--json", "--master", on.at).out)[0]["fan_outs"][0]
    expect((far["name"], far["total"], far["failed"]) == ("map_reduce of Work.slow", 100000, 0) and far["done"] > 0, far)
    expect(dist("cancel", "one", "--master", on.at).out.endswith(" was cancelled\n"), "cancel")
    jobs[0].ends(1)
    expect("the job was cancelled at the master" in jobs[0].stderr(), jobs[0].stderr())
    refused(1, "several jobs are named two: give its number; the jobs are: ", "cancel", "two", "--master", on.at)
    refused(1, "there is no job 'three'; the jobs are: ", "cancel", "three", "--master", on.at)
    for one in listed:
        if one["name"] == "two":
            said = json.loads(dist("cancel", str(one["job"]), "--json", "--master", on.at).out)
            expect(said == {"job": one["job"], "cancelled": True}, said)
    for job in jobs[1:]:
        job.ends(1)
    until("free slots", lambda: status(on)["in_use"] == 0 and status(on)["queued"] == 0)
    refused(1, "no job is connected", "cancel", "one", "--master", on.at)


def names_from_peers_are_escaped(world):
    evil = "\x1b[31mred\x1b]0;owned\x07\nroot"
    alone = master(world)
    node = world.start("--join", alone.at, "--name", evil, "--label", "k=\x1b[5m", "--procs", "1")
    until("the node to join", lambda: len(status(alone)["nodes"]) == 1)
    shown = [dist(verb, "--master", alone.at) for verb in ("nodes", "methods", "jobs")]
    shown.append(dist("logs", "nowhere\x1b[2J", "--master", alone.at, code=1))
    shown.append(dist("drain", "nowhere", "--master", alone.at, code=1))
    shown.append(dist("call", "Work.fail\x1b[2J", "--master", alone.at, code=1))
    for one in shown:
        expect("\x1b" not in one.out + one.err, "raw: %r" % (one.out + one.err))
    expect("\\x1b[31mred\\x1b]0;owned\\x07\\nroot" in shown[0].out, "escaped: " + shown[0].out)
    for one in (node, alone):
        expect("\x1b" not in one.stderr(), "raw: %r" % one.stderr())


def failed_output_is_an_error(world):
    one = world.master()
    world.nodes(one, ["a"])
    for words in (["nodes"], ["nodes", "--json"], ["methods"], ["call", "Work.square", "7"], ["--help"], ["--version"]):
        arguments = [DIST, *words] if words[0].startswith("-") else [DIST, *words, "--master", one.at]
        with open("/dev/full", "w") as full:
            done = subprocess.run(arguments, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, env=variables({}))
        expect(done.returncode == 1 and "standard output: No space left" in done.stderr,
               "%s: %s %s" % (words, done.returncode, done.stderr))
        closed = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", *arguments], stderr=subprocess.PIPE, text=True,
                                timeout=60, env=variables({}))
        expect(closed.returncode == 1 and "dist: standard output: " in closed.stderr,
               "%s, closed: %s %s" % (words, closed.returncode, closed.stderr))


def commands_work_with_a_secret(world):
    secret = world.path("secret")
    said = dist("secret", secret).out
    expect(secret in said and "--secret-file" in said, said)
    mode = stat.S_IMODE(os.stat(secret).st_mode)
    expect(mode == 0o600, "mode %o" % mode)
    with open(secret) as file:
        content = file.read()
    expect(len(content) == 45, "not a secret of 32 bytes: %d characters" % len(content))
    refused(1, "File exists", "secret", secret)
    with open(secret) as file:
        expect(file.read() == content, "it was overwritten")
    refused(1, "create its folder first", "secret", world.path("none/secret"))
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
    refused(2, "is not the secret of the cluster", "call", "Work.square", "5", "--master", on.at, "--secret-file", other)
    refused(2, "make one with: dist secret", "nodes", "--master", on.at, "--secret-file", world.path("none"))
    for verb in (["drain", "a"], ["cancel", "1"]):
        refused(2, "add --secret-file FILE", *verb, "--master", on.at)
    # The token would be sent in plain text.
    refused(2, "add --tls-ca FILE", "nodes", "--master", "192.0.2.1:3000", "--secret-file", secret)


def wrong_use_is_rejected(world):
    refused(2, "dist --help")
    refused(2, "unknown command 'node'", "node")
    refused(2, "usage: dist nodes", "nodes", "all")
    refused(2, "--colour", "nodes", "--colour")
    refused(2, "--master x:y", "nodes", "--master", "x:y")
    refused(2, "--within soon", "nodes", "--within", "soon")
    refused(2, "--why: only allowed with call", "nodes", "--why")
    expect("usage: dist COMMAND" in dist("--help").out, "help")
    expect("usage: dist call METHOD" in dist("call", "--help").out, "help of call")
    expect("usage: dist call METHOD" in dist("help", "call").out, "help call")
    expect("usage: dist master" in dist("master", "--help").out, "help of master")
    expect("usage: dist master" in dist("help", "master").out, "help master")
    expect(dist("--version").out.startswith("dist "), "version")
    expect(dist("master", "--nope", code=2).err.count("--nope") == 1, "an unknown flag")


main([missing_master_or_nodes_are_reported, other_servers_are_not_taken_for_a_master, commands_work_over_tls,
      nodes_and_methods_are_listed, call_prints_the_result_or_the_error, oversized_result_names_the_limit,
      call_why_shows_where_the_call_waited_and_ran, call_passes_on_the_traceparent, exception_text_is_escaped,
      drained_node_finishes_and_leaves, drain_ends_at_the_limit_of_the_node, logs_shows_what_nodes_print,
      jobs_are_listed_and_cancelled, names_from_peers_are_escaped, failed_output_is_an_error,
      commands_work_with_a_secret, wrong_use_is_rejected])
