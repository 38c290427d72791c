#!/usr/bin/env python3
"""The table of docs/scale.md: what one operation costs a master, in nanoseconds of processor and, where valgrind is there,
in instructions, which do not depend on what else the machine does.
    tests/sim/scale_table.py build/release/tests/sim/scale"""

import re
import shutil
import subprocess
import sys
import tempfile

SIZES = [(10, 1000), (100, 10000), (1000, 100000), (10000, 1000000)]
ROWS = ["frame", "beat", "join", "leave", "queue", "withdraw", "pick", "completion"]


def nanoseconds(program, size, count=20000, times=3):
    """By operation: how often, and the least of some runs."""
    found = {}
    for _ in range(times):
        done = subprocess.run([program, *map(str, size), str(count)], check=True, capture_output=True, text=True)
        for name, often, each in (line.split() for line in done.stdout.splitlines()):
            found[name] = min(found.get(name, float("inf")), float(each))
    return found


def instructions(program, size, count=4000):
    with tempfile.NamedTemporaryFile() as out:
        done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=" + out.name,
                               "--toggle-collect=*measured_*", program, *map(str, size), str(count)],
                              check=True, capture_output=True, text=True)
        often = {line.split()[0]: int(line.split()[1]) for line in done.stdout.splitlines()}
        costs = subprocess.run(["callgrind_annotate", "--inclusive=yes", "--threshold=100", out.name], check=True,
                               capture_output=True, text=True).stdout
    found = re.findall(r"^ *([\d,]+) .*measured_([a-z]+)\(", costs, re.M)
    return {name: int(total.replace(",", "")) / often[name] for total, name in found}


def table(title, columns):
    print("| %s | %s |" % (title, " | ".join("{:,} / {:,}".format(*size) for size in SIZES)))
    print("|---" * (1 + len(SIZES)) + "|")
    for row in ROWS:
        print("| %s | %s |" % (row, " | ".join("{:,.0f}".format(column[row]) for column in columns)))
    print()


program = sys.argv[1]
table("ns", [nanoseconds(program, size) for size in SIZES])
if shutil.which("valgrind"):
    table("instructions", [instructions(program, size) for size in SIZES])
