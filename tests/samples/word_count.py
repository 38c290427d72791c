#!/usr/bin/env python3
"""Compares what `word_count` prints with what the coreutils make of the same files, this project's sources first.

usage: word_count.py PROGRAM SOURCES
"""

import os
import random
import subprocess
import sys
import tempfile

PIPELINE = r"""for file; do cat "$file"; echo; done | tr -cs 'A-Za-z0-9_' '\n' | sed '/^$/d' | sort | uniq -c"""


def by_coreutils(files):
    done = subprocess.run(["sh", "-c", PIPELINE, "sh", *files], stdout=subprocess.PIPE, check=True,
                          env={"PATH": os.environ["PATH"], "LC_ALL": "C"})
    return done.stdout


def check(program, *files):
    done = subprocess.run([program, "--local", "2", *files], stdout=subprocess.PIPE, check=True)
    right = by_coreutils(files)
    if done.stdout != right:
        wrong = set(done.stdout.splitlines()) ^ set(right.splitlines())
        raise AssertionError(f"{files[:3]}...: the counts differ in {len(wrong)} lines, such as {sorted(wrong)[:5]}")
    return len(right.splitlines())


def sources_in(folder):
    for path, folders, files in os.walk(folder):
        folders[:] = [one for one in folders if one != "build" and not one.startswith(".")]
        yield from (os.path.join(path, file) for file in files)


def main(program, sources):
    found = sorted(sources_in(sources))
    assert check(program, *found) > 1000, "too few words: where are the sources?"
    check(program, os.path.realpath(sys.executable))  # no text at all

    with tempfile.TemporaryDirectory() as folder:
        def write(name, data):
            with open(os.path.join(folder, name), "wb") as file:
                file.write(data)
            return file.name

        empty, open_end = write("empty", b""), write("open_end", b"one two")
        assert check(program, empty) == 0
        assert check(program, open_end, open_end, empty, open_end) == 2  # a word does not continue in the next file
        # Words of every length at the cut points of the text, and one longer than a piece.
        chance = random.Random(1)
        text = b" ".join(b"w" * chance.randrange(1, 300) for _ in range(5000))
        check(program, write("borders", text), write("even", b"x" * 65536), write("long", b" " + b"y" * 200_000 + b"."))

        for file, why in ((os.path.join(folder, "none"), "No such file"), (folder, "Is a directory")):
            done = subprocess.run([program, "--inline", open_end, file], capture_output=True, text=True)
            assert done.returncode == 1 and f"cannot read {file}: {why}" in done.stderr and not done.stdout, done
    done = subprocess.run([program, "--inline"], capture_output=True, text=True)
    assert done.returncode == 2 and "word_count FILE..." in done.stderr, done


if __name__ == "__main__":
    main(*sys.argv[1:])
