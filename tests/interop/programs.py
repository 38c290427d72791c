"""Shared by the tests with other languages: child programs, and waiting for them."""

import atexit
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

DEADLINE = 30  # seconds, limit of every wait
PAUSE = 0.02


_started = []


def _show_logs(kind, error, trace):
    for one in _started:
        sys.stderr.write(f"--- {one.process.args}\n{one.log()[-3000:]}\n")
    sys.__excepthook__(kind, error, trace)


sys.excepthook = _show_logs


class Program:
    """A child that prints a first line when it is ready; it dies with the test."""

    def __init__(self, *command):
        self.stderr = tempfile.TemporaryFile()
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.stderr, text=True)
        _started.append(self)
        atexit.register(self.kill)
        self.first_line = self.read()
        assert self.first_line, f"{command[0]} ended with {self.process.wait(DEADLINE)} before it was ready"

    @property
    def port(self):
        return int(self.first_line)

    def read(self):
        return self.process.stdout.readline().strip()

    def log(self):
        return os.pread(self.stderr.fileno(), os.fstat(self.stderr.fileno()).st_size, 0).decode(errors="replace")

    def says(self, pattern):
        """Waits for a line in its log."""
        return wait_until(f"'{pattern}' in the log", lambda: re.search(pattern, self.log()))

    def ask(self, line):
        """Sends a line and returns the line that answers it."""
        self.tell(line)
        return self.read()

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(DEADLINE)

    def end(self):
        """Ends it regularly, by closing its stdin."""
        self.process.stdin.close()
        return self.wait()

    def wait(self):
        return self.process.wait(DEADLINE)


def get(port, path, token=None):
    """The status and body of a GET on this machine."""
    asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}")
    if token:
        asked.add_header("Authorization", "Bearer " + token)
    try:
        with urllib.request.urlopen(asked, timeout=DEADLINE) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def wait_until(what, condition):
    """Polls until the condition returns something true, and returns that."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(PAUSE)
    raise AssertionError(f"waited {DEADLINE} s in vain: {what}")


def status(port, token=None):
    return json.loads(get(port, "/status", token)[1])


def wait_for_nodes(port, count, token=None):
    """Waits until the master lists `count` nodes and returns them."""
    wait_until(f"{count} nodes at the master", lambda: len(status(port, token)["nodes"]) == count)
    return status(port, token)["nodes"]


def equal(got, expected):
    assert got == expected, f"got {got!r}, expected {expected!r}"


def raises(kind, action):
    """The exception of this kind that the action must raise."""
    try:
        value = action()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}, but {value!r}")
