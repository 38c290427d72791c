#!/usr/bin/env python3
"""Compares the answers of `nearest` with those of a search through the whole list here, also while nodes are stopped:
what is said about the shards that are not missing must be right.

usage: nearest.py PROGRAM
"""

import functools
import json
import os
import re
import signal
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "processes"))
from support import children, expect, main, until  # noqa: E402

WORDS = "/usr/share/dict/words"  # of wamerican; every case but the first uses a part of it
ASKED = ["helo", "pyton", "Ångstrom"]
SHARDS = 4
LONG = "20000"  # milliseconds: only a suspended node takes that long


def distance(a, b, most):
    above = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            row.append(min(row[-1] + 1, above[j] + 1, above[j - 1] + (x != y)))
        above = row
    return min(above[-1], most)


def read_words(file):
    with open(file, "rb") as lines:
        return lines.read().splitlines()


@functools.cache
def best_of_shards(file, word):
    """The best of each shard, as (distance, line, word)."""
    words = read_words(file)
    best, text = [(1000, 0, b"")] * SHARDS, word.encode()
    for line, one in enumerate(words):
        most = best[line % SHARDS][0]
        if abs(len(one) - len(text)) < most:
            best[line % SHARDS] = min(best[line % SHARDS], (distance(text, one, most), line, one))
    return best


def ask(job, path):
    try:
        with urllib.request.urlopen("http://" + job.serves + path, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def nearest(job, word):
    """The shards missing in an answer, which must be right for the others."""
    status, text = ask(job, "/nearest?word=" + urllib.parse.quote(word))
    answer = json.loads(text)
    there = [best for shard, best in enumerate(best_of_shards(job.words, word)) if shard not in answer["shards_missing"]]
    right = (min(there)[2].decode(), min(there)[0], 200) if there else ("", 0, 503)
    expect((answer["word"], answer["distance"], status) == right, "%s: %s, not %s" % (word, answer, right))
    return answer["shards_missing"]


def few_words(world):
    file = world.path("words")
    with open(file, "wb") as lines:
        lines.write(b"\n".join(read_words(WORDS)[::8]))
    return file


def serve(world, *flags, words=None):
    words = words or few_words(world)
    job = world.start(*flags, "--words", words, "--serve", "127.0.0.1:0", "--shards", str(SHARDS))
    until("an address", lambda: "\n" in job.stdout() or not job.running())
    job.serves = re.match(r"listening on (\S+): ", job.stdout()).group(1)
    job.words = words
    return job


def all_shards_answer(world):
    job = serve(world, "--local", "2", "--within", LONG, words=WORDS)
    for word in ASKED:
        expect(nearest(job, word) == [], "shards are missing")
    for path, code in (("/nearest", 400), ("/nearest?word=" + "x" * 101, 400), ("/", 404), ("/nearest?word=%ff", 500)):
        expect(ask(job, path)[0] == code, path)
    job.signal(signal.SIGINT)
    job.ends(130)


def short_deadline_yields_no_wrong_answer(world):
    job = serve(world, "--local", "2")
    for word in ASKED * 3:
        nearest(job, word)


def suspended_node_does_not_delay_answers(world):
    job = serve(world, "--local", "4", "--within", "1500")
    until("all shards", lambda: nearest(job, "helo") == [])
    stopped = min(children(job.pid))
    os.kill(stopped, signal.SIGSTOP)
    begun = time.monotonic()
    for _ in range(3):
        nearest(job, "pyton")
    took = time.monotonic() - begun
    expect(took < 25, "answers within 1.5 s took %.1f s" % took)  # the node would be given up after 30
    os.kill(stopped, signal.SIGCONT)
    until("all shards again", lambda: nearest(job, "helo") == [])


def labels_place_the_shards(world):
    job = serve(world, "--master", "127.0.0.1:0", "--by-label", "--within", "1500", "--heartbeat", "100ms")
    master = job.says(r"listening on 127\.0\.0\.1:(\d+)").group(1)

    def node(shard):
        return world.start("--join", ":" + master, "--words", job.words, "--name", "n%d" % len(world.processes), "--label", "shard=%d" % shard)

    def only_these_are_missing(shards):
        until("no shards missing but %s" % shards, lambda: nearest(job, "helo") == shards)

    first = [node(shard) for shard in (0, 1, 3)]
    only_these_are_missing([2])
    node(2)
    only_these_are_missing([])
    first[0].signal(signal.SIGSTOP)
    first[2].signal(signal.SIGKILL)
    only_these_are_missing([0, 3])
    node(3)
    only_these_are_missing([0])
    node(0)  # replaces the suspended one
    only_these_are_missing([])


def wrong_use_is_rejected(world):
    for flag, value in (("--shards", "0"), ("--within", "no"), ("--find", "helo"), ("--serve", ":x")):
        job = world.start("--inline", flag, value).ends(2)
        expect(flag in job.stderr(), job.stderr())
    job = world.start("--inline", "--words").ends(1)
    expect("--words" in job.stderr(), job.stderr())
    job = world.start("--inline", "--words", world.path("none")).ends(1)
    expect("cannot read " + world.path("none") in job.stderr(), job.stderr())


main([all_shards_answer, short_deadline_yields_no_wrong_answer, suspended_node_does_not_delay_answers,
      labels_place_the_shards, wrong_use_is_rejected])
