#!/usr/bin/env python3
"""/metrics of a master is valid for Prometheus: its own checker finds no fault, and a real server scrapes it.

usage: metrics.py PROGRAM
Skipped (77) where Debian's package `prometheus` is not installed.
"""

import json
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

from support import Process, expect, main, until


def metrics(master):
    with urllib.request.urlopen("http://%s/metrics" % master.at, timeout=10) as answer:
        kind = answer.headers["Content-Type"]
        expect(kind.startswith("text/plain; version=0.0.4"), "the wrong type: " + kind)
        return answer.read().decode()


def value(text, sample):
    found = [line for line in text.splitlines() if line.startswith(sample + " ")]
    expect(len(found) == 1, "not one sample %s, but %s" % (sample, found))
    return float(found[0].rsplit(" ", 1)[1])


def ran(world):
    """A master on which a job has ended, with a name that needs escaping."""
    master = world.master()
    world.nodes(master, ["a", 'with "quotes" and \\'], slots=2)
    world.job(master, "sum", "100").ends(0)
    until("the job to have gone", lambda: value(metrics(master), "dist_jobs") == 0)
    return master


def promtool_accepts_the_metrics(world):
    master = ran(world)
    text = metrics(master)
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=60)
    expect(checked.returncode == 0 and not checked.stderr, "promtool: " + checked.stderr + checked.stdout)
    expect(value(text, 'dist_calls_total{method="Work.square",outcome="ok"}') == 100, text)
    expect(value(text, 'dist_call_seconds_count{method="Work.square"}') == 100, text)
    expect(value(text, 'dist_nodes{state="living"}') == 2, text)
    expect(value(text, "process_open_fds") > 3, text)


def port_of(process):
    """Its port as the system reports it, since it was told to take any."""
    sockets = set()
    for number in os.listdir("/proc/%d/fd" % process.pid):
        try:
            name = os.readlink("/proc/%d/fd/%s" % (process.pid, number))
        except FileNotFoundError:
            continue  # closed meanwhile
        if name.startswith("socket:["):
            sockets.add(name[8:-1])
    with open("/proc/%d/net/tcp" % process.pid) as file:
        for line in file.readlines()[1:]:
            words = line.split()
            if words[3] == "0A" and words[9] in sockets:
                return int(words[1].split(":")[1], 16)
    return None


def prometheus_scrapes_the_master(world):
    master = ran(world)
    config = world.path("prometheus.yml")
    with open(config, "w") as file:
        file.write("scrape_configs:\n- job_name: dist\n  scrape_interval: 1s\n  scrape_timeout: 1s\n"
                   "  static_configs:\n  - targets: ['%s']\n" % master.at)
    server = Process("prometheus", ["--config.file=" + config, "--storage.tsdb.path=" + world.path("data"),
                                    "--web.listen-address=127.0.0.1:0"])
    world.processes.append(server)
    port = until("the port of prometheus", lambda: port_of(server))

    def asked(query):
        where = "http://127.0.0.1:%d/api/v1/query?query=%s" % (port, urllib.parse.quote(query))
        try:
            with urllib.request.urlopen(where, timeout=10) as answer:
                found = json.load(answer)["data"]["result"]
        except urllib.error.HTTPError:
            return None  # not ready yet
        return float(found[0]["value"][1]) if found else None

    seen = until("what was scraped", lambda: asked('dist_calls_total{method="Work.square",outcome="ok"}'))
    expect(seen == 100, "prometheus has %s calls" % seen)
    until("a target that is up", lambda: asked("up") == 1)
    expect(asked("histogram_quantile(0.5, dist_call_seconds_bucket)") > 0, "no median")


if __name__ == "__main__":
    if not shutil.which("promtool"):
        print("skipped: no promtool here; Debian's package prometheus has it: ./setup --tests")
        sys.exit(77)
    main([promtool_accepts_the_metrics, prometheus_scrapes_the_master])
