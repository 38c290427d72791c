#!/usr/bin/env python3
"""Minutes of mixed calls on real processes while nodes are killed, drained and suspended, jobs die and strangers connect.
Run by hand: `tests/run soak --minutes N`. The master, one node and one job survive all of it; at the end their memory
and descriptors are as before, and calls have failed only for expected reasons."""

import argparse
import json
import os
import random
import re
import signal
import socket
import sys
import threading
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "processes"))

from support import Failure, World, all_answered, calls_of, expect, living, say, status, until  # noqa: E402

MB = 1 << 20
MORTAL = ["b", "c", "d"]
FLAGS = ("--heartbeat", "200ms", "--lost-after", "2s")

# Log lines expected from our faults. Any other line above `info` is an error.
KNOWN = [r"is silent: it gets no new calls", r"is lost: silent for too long", r"; trying again",
         r"was rejected", r"sent something other than a dist or HTTP request", r"still runs .*, abandoned"]


class Measures:
    """Memory and descriptors of a process over time."""

    def __init__(self, name, process):
        self.name, self.process = name, process
        self.samples = []

    def take(self):
        base = "/proc/%d/" % self.process.pid
        with open(base + "statm") as file:
            resident = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        self.samples.append((resident, len(os.listdir(base + "fd"))))

    def judge(self):
        """Compares the last third with the second: during the first, buffers still grow."""
        third = len(self.samples) // 3
        before, after = self.samples[third:2 * third], self.samples[2 * third:]
        memory = [max(one[0] for one in part) for part in (before, after)]
        descriptors = [min(one[1] for one in part) for part in (before, after)]
        say("%-6s memory %.1f then %.1f MB, descriptors %d then %d" %
            (self.name, memory[0] / MB, memory[1] / MB, *descriptors))
        expect(memory[1] < 1.15 * memory[0] + 8 * MB, "the memory of %s grows" % self.name)
        expect(descriptors[1] <= descriptors[0] + 2, "the descriptors of %s grow" % self.name)


class Customers:
    """Runs jobs of several kinds one after the other, and untyped callers, each in a thread."""

    def __init__(self, world, master):
        self.world, self.master = world, master
        self.over = threading.Event()
        self.problems = []
        self.counts = {"reduce": 0, "mirrors": 0, "abandon": 0, "http": 0, "json": 0}
        self.threads = [threading.Thread(target=self._loop, args=(one,)) for one in self.counts]
        for thread in self.threads:
            thread.start()

    def _loop(self, kind):
        while not self.over.is_set():
            try:
                getattr(self, "_" + kind)()
                self.counts[kind] += 1
            except Exception as error:  # noqa: BLE001: any error must be reported
                self.problems.append("%s: %s: %s" % (kind, type(error).__name__, error))
                return

    def _run(self, *arguments):
        job = self.world.start(*arguments)
        job.ends(0, patience=120)
        self.world.processes.remove(job)
        for file in (job.out, job.log):
            self.problems += unknown(job)
            file.seek(0)
        text = job.stdout()
        job.out.close()
        job.log.close()
        return text

    def _reduce(self):
        count = 300
        text = self._run("--connect", self.master.at, "reduce", "count=%d" % count, "us=200,1000,3000")
        sums = "%d %d %d" % (count, count * (count - 1) // 2, (count - 1) * count * (2 * count - 1) // 6)
        expect(text.strip() == sums, "the sums are %s, not %s" % (text, sums))

    def _mirrors(self):
        text = self._run("--connect", self.master.at, "mirrors", "callers=4", "rounds=5", "bytes=300000")
        expect(text == "20\n", text + " of 20 came back whole")

    def _abandon(self):
        self._run("abandon", self.master.at, "1", "500")
        self.over.wait(1)

    def _http(self):
        body = b'{"jsonrpc":"2.0","method":"Tasks.nap","params":[7,1000,""],"id":1}'
        with urllib.request.urlopen("http://%s/rpc" % self.master.at, data=body, timeout=120) as answer:
            expect(json.load(answer)["result"]["tag"] == 7, "a wrong answer over HTTP")
        self.over.wait(0.02)

    def _json(self):
        with socket.create_connection(("127.0.0.1", self.master.port)) as peer:
            peer.settimeout(120)
            peer.sendall(b"".join(b'{"method":"Tasks.Nap","params":[%d,500,""],"id":%d}\n' % (i, i) for i in range(50)))
            lines = peer.makefile()
            for _ in range(50):
                got = json.loads(lines.readline())
                expect(got["error"] is None and got["result"]["Tag"] == got["id"], "a wrong answer: %s" % got)
        self.over.wait(0.1)

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join()
        expect(not self.problems, "\n".join(self.problems[:10]))


def unknown(process):
    """Unexplained lines of its log."""
    lines = [line for line in process.stderr().splitlines() if re.match(r"\w+: (warning|error)", line)]
    return [line for line in lines if not any(re.search(known, line) for known in KNOWN)]


class Mischief:
    """Causes one fault after the other."""

    def __init__(self, world, master, nodes, chance):
        self.world, self.master, self.nodes, self.chance = world, master, nodes, chance
        self.counts = {}
        self.kinds = [self.kill, self.kill, self.drain, self.drain, self.stop, self.stop_steady, self.job_dies,
                      self.strangers]

    def happen(self):
        what = self.chance.choice(self.kinds)
        self.counts[what.__name__] = self.counts.get(what.__name__, 0) + 1
        what()

    def _again(self, name):
        old = self.nodes[name]
        expect(not unknown(old), "\n".join(unknown(old)))
        self.world.processes.remove(old)
        self.nodes[name] = self.world.node(self.master, name, slots=2)

    def _healthy(self):
        name = self.chance.choice(MORTAL)
        self.nodes[name].says("joined the master")
        return name

    def kill(self):
        name = self._healthy()
        self.nodes[name].signal(signal.SIGKILL)
        self.nodes[name].ends(-signal.SIGKILL)
        self._again(name)

    def drain(self):
        name = self._healthy()
        self.nodes[name].signal(signal.SIGTERM)
        self.nodes[name].ends(0)
        self._again(name)

    def _stop(self, node, longest):
        node.signal(signal.SIGSTOP)
        time.sleep(self.chance.uniform(0.1, longest))
        node.signal(signal.SIGCONT)

    def stop(self):
        self._stop(self.nodes[self._healthy()], 4)  # sometimes longer than a silent node is tolerated

    def stop_steady(self):
        self._stop(self.nodes["a"], 1)

    def job_dies(self):
        job = self.world.job(self.master, "calls", "count=100", "us=20000")
        time.sleep(self.chance.uniform(0.05, 0.5))
        job.signal(signal.SIGKILL)
        job.child.wait()
        self.world.processes.remove(job)

    def strangers(self):
        for speech in (b"GET /status HTTP/1.1\r\nHo", b"\xd1\x57\x01\x04" + bytes(20), b"[" * 1000, b'{"method":"Ta',
                       b"GET /register-node?port=0 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: dist/1\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", self.master.port)) as peer:
                peer.sendall(speech)
        for _ in range(20):
            socket.create_connection(("127.0.0.1", self.master.port)).close()


def judge_steady(job):
    """Which calls may fail and why: every third must not run twice, every fifth has a deadline."""
    explained = {}
    calls = calls_of(job.ends(0))
    for one in calls:
        if not one.code:
            continue
        once, timed = one.tag % 3 == 0, one.tag % 5 == 0
        right = (one.code in ("connection_lost", "node_lost") and once and one.known == "unknown") or \
                (one.code == "deadline_exceeded" and timed) or one.code == "poisoned"
        expect(right, "unexplained failure: " + one.line)
        explained[one.code] = explained.get(one.code, 0) + 1
    tags = sorted(one.tag for one in calls)
    expect(tags == list(range(len(tags))), "a call has not ended once")
    say("%d calls of the steady job, failed for a reason: %s" % (len(calls), explained or "none"))
    expect(sum(explained.values()) < len(calls) / 20, "too many failed")


def soak(world, minutes, seed):
    chance = random.Random(seed)
    master = world.master(*FLAGS)
    nodes = world.nodes(master, ["a"] + MORTAL, slots=2)
    steady = world.job(master, "calls", "rate=100", "us=500,1000,5000,20000", "once=3", "within=2000", "every=5",
                       "most=50", "until=" + world.path("enough"))
    until("the steady job", lambda: calls_of(steady))
    measures = [Measures("master", master), Measures("node", nodes["a"]), Measures("job", steady)]
    customers = Customers(world, master)
    mischief = Mischief(world, master, nodes, chance)
    end = time.monotonic() + 60 * minutes
    try:
        while time.monotonic() < end and not customers.problems:
            mischief.happen()
            time.sleep(chance.uniform(0.1, 1.0))
            for one in measures:
                one.take()
    finally:
        for node in nodes.values():
            node.signal(signal.SIGCONT)
        customers.over.set()
    until("all nodes", lambda: set(living(master)) == set(nodes))
    customers.end()
    open(world.path("enough"), "w").close()
    judge_steady(steady)
    say("beside it: " + ", ".join("%d %s" % (count, kind) for kind, count in customers.counts.items()))
    say("meanwhile: " + ", ".join("%d %s" % (count, kind) for kind, count in sorted(mischief.counts.items())))
    until("nothing left over", lambda: all(status(master)[what] == 0 for what in ("in_use", "abandoned", "queued")))
    for one in measures:
        one.judge()
    for process in world.processes:
        expect(not unknown(process), "\n".join(unknown(process)[:10]))
    for node in nodes.values():
        node.signal(signal.SIGTERM)
        node.ends(0)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    given = parser.parse_args()
    say("%g minutes, seed %d" % (given.minutes, given.seed))
    try:
        with World(given.program) as world:
            soak(world, given.minutes, given.seed)
    except Failure as failure:
        sys.exit("FAILED: %s" % failure)
    say("all is as it was")


main()
