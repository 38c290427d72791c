#!/usr/bin/env python3
"""What node processes print: each line with its node's name on the parent's stderr, never inside the progress bar."""

import json
import os
import pty
import re
import signal
import subprocess
import urllib.request

from support import expect, living, main, until


def prints(world, text, times=1):
    job = world.start("--local", "1", "print", text, str(times), "0").ends(0)
    return job.stdout(), [line for line in job.stderr().splitlines() if line.startswith("[local1]")]


def lines_are_prefixed_with_the_node_name(world):
    out, lines = prints(world, "hello\nworld\n")
    expect(out == "printed\n", "stdout: " + out)
    expect(lines == ["[local1] hello", "[local1] world", "[local1] [to stderr]"], "lines: %s" % lines)


def unterminated_line_is_shown(world):
    job = world.start("--local", "1", "print", "no end", "1", "0").ends(0)
    expect("[local1] no end[to stderr]\n" in job.stderr(), job.stderr())


def repeats_are_folded(world):
    lines = prints(world, "again\n", 42)[1]
    expect(lines == ["[local1] again", "[local1] again (41 more times)", "[local1] [to stderr]"], "lines: %s" % lines)


def last_words_of_a_node_come_before_its_end(world):
    job = world.start("--local", "1", "print", "last words ", "1", str(int(signal.SIGABRT))).ends(0)
    log = job.stderr()
    said, ended = log.find("[local1] last words [to stderr]"), log.find("the process of node local1 ended: signal 6")
    expect(0 <= said < ended, log)


def flood_of_lines_is_limited_and_blocks_no_job(world):
    # A megabyte: many times the capacity of a pipe.
    job = world.start("--local", "1", "print", "".join("line %d\n" % i for i in range(1000)), "100", "0").ends(0)
    expect(job.stdout() == "printed\n", job.stdout())
    lines = job.stderr().splitlines()
    expect("[local1] line 0" in lines, "the first: %s" % lines[:3])
    left_out = sum(int(one) for one in re.findall(r"\((\d+) lines dropped", job.stderr()))
    expect(left_out > 50000 and len(lines) < 50000, "%d left out, %d shown" % (left_out, len(lines)))


def control_characters_are_escaped(world):
    lines = prints(world, "\x1b[31mred\a\n")[1]
    expect(lines[0] == "[local1] \\x1b[31mred\\x07", "lines: %s" % lines)


def output_of_supervised_nodes_reaches_the_master(world):
    master = world.master("--heartbeat", "100ms")
    nodes = world.start("--join", master.at, "--procs", "1", "--name", "ws07", "--log", "warn")
    world.job(master, "print", "from afar\n", "1", "0").ends(0)
    nodes.says(r"\[ws07-1\] from afar\n")
    master.says(r"\[ws07-1\] from afar\n")
    world.job(master, "print", "last words\n", "1", str(int(signal.SIGABRT))).ends(0)
    # They are sent by the process that replaces it.
    master.says(r"\[ws07-1\] last words\n")
    said = logs(master, "ws07-1")["text"]
    expect(said.startswith("from afar\n[to stderr]\nlast words\n[to stderr]\n"), said)
    nodes.signal(signal.SIGTERM)
    nodes.ends(0)
    until("it has left", lambda: not living(master))
    kept = logs(master, "ws07-1")
    expect(kept["text"].startswith("from afar\n"), kept)
    expect(logs(master, "ws07-1", kept["next"])["text"] == "", kept)


def output_is_shown_once_in_an_embedded_cluster(world):
    job = world.start("--local", "1", "--log", "info", "--heartbeat", "100ms", "bar", "1000")
    job.at = "127.0.0.1:" + job.says(r"listening on [^ ]*:(\d+)").group(1)
    job.says("node local1 joined")
    until("it is kept", lambda: "note 0\n" in logs(job, "local1")["text"])
    expect(job.stderr().count("[local1] note 0\n") == 1, job.stderr())
    job.signal(signal.SIGINT)
    job.ends(130)


def logs(master, node, since=0):
    with urllib.request.urlopen("http://%s/logs?node=%s&from=%d" % (master.at, node, since), timeout=10) as answer:
        return json.load(answer)


def ctrl_c_explains_what_a_second_one_does(world):
    log = world.path("log")
    job = world.start("--local", "1", "slow_sum", "1000", "50", log)
    until("a call", lambda: world.lines("log"))
    job.signal(signal.SIGINT)
    job.ends(130)
    said = job.stderr()
    expect("cluster_program: stopping; Ctrl-C again stops it immediately\n" in said, said)
    expect(re.search(r"dist: [\d,]+ calls? on 1 node in ", said), said)


def lines_do_not_break_the_progress_bar(world):
    reading, writing = pty.openpty()
    variables = {k: v for k, v in os.environ.items() if not k.startswith("DIST_")}
    job = subprocess.Popen([world.program, "--local", "2", "bar", "40"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=writing, env=variables)
    os.close(writing)
    shown = b""
    while True:
        try:
            some = os.read(reading, 4096)
        except OSError:
            break
        shown += some
    os.close(reading)
    expect(job.wait() == 0, "the job failed: %r" % shown)
    text = shown.decode().replace("\r\n", "\n")
    named = re.findall(r"^(.*)\[local[12]\] note \d+$", text, re.M)
    expect(len(named) == 40, "%d lines of 40: %r" % (len(named), text))
    expect(all(one == "" or one.endswith("\r\x1b[K") for one in named), "lines through the bar: %r" % text)
    expect("100 %" in text, "no bar: %r" % text)


if __name__ == "__main__":
    main([lines_are_prefixed_with_the_node_name, unterminated_line_is_shown, repeats_are_folded,
          last_words_of_a_node_come_before_its_end, flood_of_lines_is_limited_and_blocks_no_job,
          control_characters_are_escaped, output_of_supervised_nodes_reaches_the_master,
          output_is_shown_once_in_an_embedded_cluster, ctrl_c_explains_what_a_second_one_does,
          lines_do_not_break_the_progress_bar])
