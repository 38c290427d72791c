"""Starts the program under test and checks what it does; ends only its own children."""

import hashlib
import hmac
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import json

PATIENCE = 60.0  # limit of one wait; only a failing test comes near it


class Failure(Exception):
    pass


def until(what, probe, patience=PATIENCE):
    """Polls until the probe yields something true, and returns it."""
    end = time.monotonic() + patience
    while True:
        got = probe()
        if got:
            return got
        if time.monotonic() > end:
            raise Failure("waited in vain for: " + what)
        time.sleep(0.01)


def expect(holds, what):
    if not holds:
        raise Failure(what)


def names_addresses_once(text):
    """No warning or error names an address with its port twice."""
    twice = [line for line in text.splitlines() if re.search(r"(?<![\w.])([\w.]+:\d+)\b.*(?<![\w.])\1\b", line)]
    expect(not twice, "an address is named twice:\n" + "\n".join(twice))


def free_port():
    """A port outside the range that the system assigns: it must still be free when a master returns to it."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
        first = int(file.read().split()[0])
    while True:
        port = random.randrange(10_000, max(first, 20_000))
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass  # in use


class Process:
    def __init__(self, program, arguments, environment=None):
        self.out = tempfile.TemporaryFile()
        self.log = tempfile.TemporaryFile()
        variables = {k: v for k, v in os.environ.items() if not k.startswith("DIST_")}
        variables.update(environment or {})
        self.arguments = arguments
        self.child = subprocess.Popen([program] + arguments, stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.log,
                                      env=variables)
        self.pid = self.child.pid

    def _read(self, file):
        file.flush()
        size = os.fstat(file.fileno()).st_size
        return os.pread(file.fileno(), size, 0).decode(errors="replace")

    def stdout(self):
        return self._read(self.out)

    def stderr(self):
        return self._read(self.log)

    def running(self):
        return self.child.poll() is None

    def signal(self, number):
        if self.running():
            self.child.send_signal(number)

    def says(self, pattern):
        """Waits for a line in its log; returns the match."""
        def probe():
            return re.search(pattern, self.stderr()) or (not self.running() and self._gone(pattern))
        return until("'%s' from %s" % (pattern, self.arguments), probe)

    def _gone(self, pattern):
        found = re.search(pattern, self.stderr())
        if found:
            return found
        raise Failure("%s ended with %s before it said '%s':\n%s" %
                      (self.arguments, self.child.returncode, pattern, self.stderr()))

    def ends(self, code, patience=PATIENCE):
        try:
            got = self.child.wait(patience)
        except subprocess.TimeoutExpired:
            raise Failure("%s does not end:\n%s" % (self.arguments, self.stderr()))
        expect(got == code, "%s ended with %s, not %s:\n%s" % (self.arguments, got, code, self.stderr()))
        return self


class World:
    """The processes of one case and a folder for its files."""

    def __init__(self, program):
        self.program = program
        self.processes = []
        self.folder = tempfile.TemporaryDirectory()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        for one in self.processes:
            if one.running():
                one.signal(signal.SIGCONT)
                one.child.kill()
                one.child.wait()
        if error[0]:
            for one in self.processes:
                sys.stderr.write("--- %s\n%s\n" % (one.arguments, one.stderr()[-3000:]))
        self.folder.cleanup()

    def start(self, *arguments, **more):
        made = Process(self.program, list(arguments), **more)
        self.processes.append(made)
        return made

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def lines(self, name):
        try:
            with open(self.path(name)) as file:
                return file.read().split()
        except FileNotFoundError:
            return []

    def master(self, *more, at=None, job=("serve",)):
        made = self.start("--master", at or "127.0.0.1:%d" % free_port(), "--log", "info", *more, *job)
        made.port = int(made.says(r"listening on [^ ]*:(\d+)").group(1))
        made.at = "127.0.0.1:%d" % made.port
        made.token = viewer_token(more)
        return made

    def node(self, master, name, *more, slots=1, environment=None):
        made = self.start("--join", master.at, "--name", name, "--log", "info", "--slots", str(slots), *more,
                          environment=environment)
        return made

    def nodes(self, master, names, *more, slots=1):
        made = {name: self.node(master, name, *more, slots=slots) for name in names}
        until("nodes " + " ".join(names), lambda: set(names) <= set(living(master)))
        return made

    def job(self, master, *words):
        return self.start("--connect", master.at, *words)

    def joined(self, master, count):
        until("%d nodes" % count, lambda: len(living(master)) == count)


class Call:
    """One line of the job `calls`: `TAG BEGIN END value MICROSECONDS` or `TAG BEGIN END fault CODE KNOWN PHASE NODE`."""

    def __init__(self, line):
        words = line.split()
        self.line = line
        self.tag = int(words[0])
        self.begin, self.end = float(words[1]), float(words[2])
        self.took = int(words[4]) / 1e6 if words[3] == "value" else None
        self.code, self.known, self.phase, self.node = words[4:8] if words[3] == "fault" else ("",) * 4


def calls_of(job):
    """The calls that a job `calls` has reported so far. Other lines are errors."""
    text = job.stdout()
    lines = text[:text.rfind("\n") + 1].splitlines()
    expect(not any("wrong" in line for line in lines), "\n".join(line for line in lines if "wrong" in line))
    return [Call(line) for line in lines]


def all_answered(job):
    """The calls of a job that ended successfully; none may have failed."""
    calls = calls_of(job.ends(0))
    failed = [one.line for one in calls if one.code]
    expect(not failed, "%d of %d calls failed:\n%s" % (len(failed), len(calls), "\n".join(failed[:10])))
    return calls


def runs_of(world, log):
    """From the nodes' own log: for each call that started, the processes in which it did."""
    runs = {}
    words = world.lines(log)
    for tag, pid in zip(words[::2], words[1::2]):
        runs.setdefault(int(tag), []).append(int(pid))
    return runs


def token_of(secret_file, what_for):
    """As in docs/PROTOCOL.md, section 2."""
    with open(secret_file) as file:
        return hmac.new(file.read().rstrip("\r\n").encode(), what_for.encode(), hashlib.sha256).hexdigest()


def viewer_token(flags):
    """The token of the secret that these flags name, or None."""
    return token_of(flags[flags.index("--secret-file") + 1], "dist/1 viewer") if "--secret-file" in flags else None


def status(master):
    asked = urllib.request.Request("http://%s/status" % master.at)
    if token := getattr(master, "token", None):
        asked.add_header("Authorization", "Bearer " + token)
    with urllib.request.urlopen(asked, timeout=10) as answer:
        return json.load(answer)


def living(master):
    return [one["name"] for one in status(master)["nodes"] if one["state"] == "living"]


def lost_calls(job):
    """Waits for the job's end and returns its failed calls, each due to the end of its connection to the master: at
    least one."""
    failed = [one for one in calls_of(job.ends(0)) if one.code]
    expect(failed, "no call was under way")
    for one in failed:
        expect((one.code, one.known, one.phase) == ("connection_lost", "unknown", "running"), one.line)
    say("%d calls were lost on their way" % len(failed))
    return failed


def hear(peer, patience=30):
    """Everything that arrives on a socket until the other end closes."""
    peer.settimeout(patience)
    heard = b""
    try:
        while more := peer.recv(65536):
            heard += more
    except ConnectionError:
        pass
    return heard.decode(errors="replace")


def is_long():
    """Whether this is a long run by hand, with `--long`."""
    return "--long" in sys.argv


def say(text):
    """Prints an observation to the test's log."""
    print("  " + text, flush=True)


def stat(process, field):
    """A number of /proc/PID/stat, counted from the state: 1 is the parent, 11 the user time in ticks of 10 ms."""
    with open("/proc/%d/stat" % process) as file:
        return int(file.read().rsplit(")", 1)[1].split()[field])


def processor_seconds(process):
    return (stat(process, 11) + stat(process, 12)) / os.sysconf("SC_CLK_TCK")


def children(parent):
    """The ids of its child processes, including zombies."""
    found = set()
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and stat(int(name), 1) == parent:
                found.add(int(name))
        except OSError:
            pass  # it has just ended
    return found


def gone(process):
    """Whether it has ended; its new parent may not have reaped it yet."""
    try:
        with open("/proc/%d/stat" % process) as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def main(cases, kind=World):
    """Runs the cases of a file, each in a world of this kind. The first argument is the program's path; others
    select cases or are `--long`."""
    program = sys.argv[1]
    names = [one for one in sys.argv[2:] if not one.startswith("--")]
    failed = 0
    for case in cases:
        if names and case.__name__ not in names:
            continue
        begun = time.monotonic()
        try:
            with kind(program) as world:
                case(world)
            print("%-50s ok    %.1f s" % (case.__name__, time.monotonic() - begun), flush=True)
        except Exception as error:
            failed += 1
            print("%-50s FAILED %s: %s" % (case.__name__, type(error).__name__, error), flush=True)
    sys.exit(1 if failed else 0)
