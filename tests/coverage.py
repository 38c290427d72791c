#!/usr/bin/env python3
"""Runs the tests of a coverage build and lists the lines of rpc and registry that no test ran:
coverage.py BUILD [ARGUMENTS OF CTEST...]."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
MODULES = ("rpc", "registry")
# They run no code that others do not, or only read sources.
LEFT_OUT = "^(hygiene|compile_fail|install|toolchain)"


def programs(build):
    """Everything that the tests run: code not counted in one program may be counted in another."""
    found = []
    for path in sorted((build / "tests").rglob("*")):
        if path.is_file() and os.access(path, os.X_OK) and path.read_bytes()[:4] == b"\x7fELF" and not path.suffix:
            found.append(str(path))
    return found


def run_tests(build, counts, arguments):
    shutil.rmtree(counts, ignore_errors=True)
    counts.mkdir(parents=True)
    # Four files per program, however many processes it has.
    environment = dict(os.environ, LLVM_PROFILE_FILE=str(counts / "%4m.profraw"))
    command = ["ctest", "--test-dir", str(build), "-j", str(os.cpu_count()), "--output-on-failure", "-E", LEFT_OUT]
    return subprocess.run(command + arguments, env=environment).returncode


def measure(build, counts):
    merged = counts / "all.profdata"
    subprocess.run(["llvm-profdata-19", "merge", "-sparse", "-o", str(merged)] + [str(f) for f in counts.glob("*.profraw")],
                   check=True)
    first, *others = programs(build)
    objects = [first] + ["-object=" + one for one in others]
    done = subprocess.run(["llvm-cov-19", "export", "-instr-profile=" + str(merged)] + objects +
                          [str(ROOT / module) for module in MODULES], check=True, capture_output=True)
    return json.loads(done.stdout)["data"][0]["files"]


def missed_lines(segments):
    """The lines with code none of which ran, as (first, last)."""
    runs = []
    for (line, _, count, counted, _, gap), (until, column, *_) in zip(segments, segments[1:]):
        if not counted or gap or count > 0:
            continue
        last = until if column > 1 else until - 1
        if runs and line <= runs[-1][1] + 1:
            runs[-1][1] = max(runs[-1][1], last)
        else:
            runs.append([line, last])
    return runs


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    counts = build / "counts"
    failed = run_tests(build, counts, sys.argv[2:])
    total = missed = 0
    for file in sorted(measure(build, counts), key=lambda one: one["filename"]):
        lines = file["summary"]["lines"]
        total += lines["count"]
        missed += lines["count"] - lines["covered"]
        path = pathlib.Path(file["filename"])
        for first, last in missed_lines(file["segments"]):
            print("%s:%d%s: %s" % (path.relative_to(ROOT), first, "" if last == first else "-%d" % last,
                                   path.read_text().splitlines()[first - 1].strip()))
    print("%s: %d lines, %d that no test runs, %.1f %% run" %
          (" and ".join(MODULES), total, missed, 100.0 * (total - missed) / total))
    sys.exit(failed)


main()
