#!/usr/bin/env python3
"""A DNS resolver that does not answer because its machine does not exist."""

import shutil
import signal
import sys
import time

from machines import main
from support import Process, expect, say, until


def with_a_dead_resolver(site, machine):
    """The program with an /etc/resolv.conf that names an absent server of the test's network."""
    if not shutil.which("unshare") or not shutil.which("mount"):
        print("skipped: unshare or mount is missing")
        sys.exit(77)
    with open(site.path("resolv.conf"), "w") as file:
        file.write("nameserver 10.77.0.200\noptions timeout:30 attempts:3\n")
    script = "mount --bind '%s' /etc/resolv.conf && exec \"$@\"" % site.path("resolv.conf")

    def start(*arguments):
        with machine.inside():
            made = Process("unshare", ["-m", "sh", "-c", script, "sh", site.program, *arguments])
        site.processes.append(made)
        return made
    return start


def questions(process):
    """Sockets in its network that wait for a name server."""
    with open("/proc/%d/net/udp" % process.pid) as file:
        return sum(line.split()[2].endswith(":0035") for line in file.readlines()[1:])


def unresponsive_resolver_is_given_up_and_named(site):
    start = with_a_dead_resolver(site, site.machines(1)[0])
    begun = time.monotonic()
    job = start("--connect", "desk.example.com:3000", "calls", "count=1", "us=1")
    node = start("--join", "desk.example.com:3000")
    slow = start("--join", "desk.example.com:3000")
    until("three questions", lambda: questions(job) == 3)
    # It ends immediately when told to, even during the query.
    slow.signal(signal.SIGTERM)
    slow.ends(0, 3)
    job.ends(4, 13)
    took = time.monotonic() - begun
    say("the job gave up after %.1f s" % took)
    words = "no connection to desk.example.com:3000 within 10 s, the limit (handshake): no answer from the resolver"
    expect(words in job.stderr(), job.stderr())
    node.says("no answer from the resolver")
    node.signal(signal.SIGTERM)
    node.ends(0, 3)


main([unresponsive_resolver_is_given_up_and_named])
