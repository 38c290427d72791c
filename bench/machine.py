"""The machine under test: its description, and whether other processes use it."""

import ctypes
import os
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TICK = os.sysconf("SC_CLK_TCK")
KERNEL = 2  # the parent of the kernel's own threads
QUIET = 0.03  # the share of all processors that other processes may use


def keep_orphans():
    """Adopts orphaned grandchildren, such as processes that mpirun starts."""
    adopt = 36  # PR_SET_CHILD_SUBREAPER
    ctypes.CDLL(None).prctl(adopt, 1, 0, 0, 0)


def others():
    """CPU seconds that programs we did not start have used so far, by (process, name).

    The kernel's threads do not count: they work for the measured processes, and raw sockets at full speed keep them very
    busy."""
    parent, used = {}, {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as file:
                head, _, tail = file.read().rpartition(")")
        except OSError:
            continue
        fields = tail.split()
        parent[int(pid)] = int(fields[1])
        # The time of its ended children counts as its own.
        used[int(pid), head.partition("(")[2]] = sum(map(int, fields[11:15])) / TICK

    def counts(pid):
        while pid:
            if pid in (os.getpid(), KERNEL):
                return False
            pid = parent.get(pid, 0)
        return True

    return {who: seconds for who, seconds in used.items() if counts(who[0])}


class Watch:
    """The share of the machine that other processes use from here on."""

    def __init__(self):
        self.before, self.began = others(), time.time()

    def share(self):
        """(their share of all processors, the name of the busiest)"""
        now = others()
        grown = {who: seconds - self.before.get(who, 0) for who, seconds in now.items()}
        # A process that ended is in its parent's sum from then on, if at all.
        total = sum(now.values()) - sum(self.before.values())
        busiest = max(grown, key=grown.get, default=(0, "nobody"))
        return total / ((time.time() - self.began) * os.cpu_count()), busiest[1]


def wait_until_quiet(patience=1800):
    end, told = time.time() + patience, False
    while True:
        watch = Watch()
        time.sleep(0.5)
        share, busiest = watch.share()
        if share < QUIET:
            return
        if time.time() > end:
            sys.exit(f"bench: the machine stays busy, mostly with {busiest}; try later, or use --once")
        if not told:
            print(f"waiting: other processes use {share:.0%} of the machine, mostly {busiest}", file=sys.stderr, flush=True)
            told = True


_was_quiet = False


def undisturbed(work):
    """The result of work(), from the first of at most ten runs during which no other process used the machine."""
    global _was_quiet
    for _ in range(10):
        if not _was_quiet:
            wait_until_quiet()
        watch = Watch()
        found = work()
        share, busiest = watch.share()
        _was_quiet = share < QUIET
        if _was_quiet:
            return found
    raise RuntimeError(f"disturbed ten times by other processes, last by {busiest} ({share:.0%} of the machine)")


def describe():
    with open("/proc/cpuinfo") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "unknown")
    compiler = subprocess.run(["clang++-19", "--version"], capture_output=True, text=True).stdout.split("\n")[0]
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout
    return f"{os.cpu_count()} x {model}, Linux {os.uname().release}, {compiler}, dist {commit.strip() or 'unknown'}"
