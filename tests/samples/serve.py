#!/usr/bin/env python3
"""Tries `palindrome --serve`: what it answers over HTTP, without a node too, and that it ends as it is told to.

usage: serve.py PROGRAM
"""

import concurrent.futures
import contextlib
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request


@contextlib.contextmanager
def serving(program, *flags):
    """Yields the address where the program serves; then ends it by SIGINT and checks its exit code."""
    process = subprocess.Popen([program, *flags, "--serve", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
    try:
        first = process.stdout.readline()
        where = re.match(r"listening on (127\.0\.0\.1:\d+): ", first)
        assert where, f"it wrote {first!r}"
        yield where.group(1)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130, f"exit code {process.returncode}"
    finally:
        process.kill()
        process.wait()


def get(where, path):
    """The status and the text of an answer."""
    try:
        with urllib.request.urlopen(f"http://{where}{path}", timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def check(where, path, status, pattern):
    got = get(where, path)
    assert got[0] == status and re.fullmatch(pattern, got[1]), f"{path}: {got}"


def main(program):
    with serving(program, "--local", "2") as where:
        check(where, "/sum", 200, r"Response from 127\.0\.0\.1:\d+: \d+\n")
        check(where, "/palindrom?n=2000", 200, "Palindrom counter to 2000: 93\n")
        check(where, "/palindrome?n=0", 200, "Palindrom counter to 0: 1\n")
        for wrong in ("?n=x", "?n=-1", "?n=", ""):
            check(where, "/palindrom" + wrong, 400, r"n must be a whole number from 0 to \d+, not '.*'\n")
        check(where, "/", 404, ".*/sum.*\n")
        with concurrent.futures.ThreadPoolExecutor(8) as many:
            answers = set(many.map(lambda n: get(where, f"/palindrom?n={n}"), [2000] * 40))
        assert answers == {(200, "Palindrom counter to 2000: 93\n")}, answers
    with serving(program, "--master", "127.0.0.1:0") as where:
        check(where, "/palindrom?n=2000", 503, r"no node joined within 10 s: .*\n")


if __name__ == "__main__":
    main(sys.argv[1])
