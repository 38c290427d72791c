"""The plots of docs/performance.md, drawn by gnuplot from the figures of one run."""

import os
import re
import subprocess

COLOURS = {"dist": "#c1272d", "raw": "#333333", "zmq": "#0072b2", "go-gob": "#009e73", "go-json": "#56b4e9",
           "grpc": "#e69f00", "capnp": "#cc79a7", "mpi": "#8c6bb1", "pick": "#c1272d", "release": "#0072b2",
           "beat": "#009e73", "join": "#e69f00"}
NAMES = {"raw": "raw sockets", "zmq": "ZeroMQ", "go-gob": "Go net/rpc, gob", "go-json": "Go net/rpc, JSON",
         "grpc": "gRPC", "capnp": "Cap'n Proto", "mpi": "Open MPI"}
PERCENTILES = {"p10": "10", "p50": "50", "p90": "90", "p99": "99", "p999": "99.9"}


def points_of(figures, pattern, x_of):
    """By (subject, variant): the points (x, median) of the figures whose metric matches."""
    found = {}
    for one in figures:
        match = re.fullmatch(pattern, one["metric"])
        if match and x_of(one, match) is not None:
            variant = re.sub(r"one core|spinning|\d+ nodes", "", one["variant"]).strip()
            found.setdefault((one["subject"], variant), []).append((x_of(one, match), one["median"]))
    return {who: sorted(points) for who, points in found.items() if len(points) > 1}


def number(_, match):
    return int(match.group(1))


def percentile(one, match):
    return list(PERCENTILES).index(match.group(1)) if "one core" in one["variant"] else None


def node_count(one, _):
    found = re.search(r"(\d+) nodes", one["variant"])
    return int(found.group(1)) if found else 1


def registry_lines(figures):
    for what in ("pick", "release", "beat", "join"):
        for points in points_of(figures, rf"w7_{what}_(\d+)_ns", number).values():
            yield (what, ""), points


# By name: its points, and further gnuplot commands.
PLOTS = {
    "throughput": (lambda found: points_of(found, r"w2_(\d+)_cps", number),
                   "Small calls on one connection", "calls in flight", "calls/s", "set logscale xy\nset xtics (16, 64, 256, 1024)"),
    "latency": (lambda found: points_of(found, r"w1_(p\d+)_us", percentile),
                "One call in flight, both processes on one core", "percentile", "microseconds", "set logscale y\nset xtics (" +
                ", ".join(f'"{label}" {i}' for i, label in enumerate(PERCENTILES.values())) + ")"),
    "payload": (lambda found: points_of(found, r"w3_sum_(\d+)_GBps", number),
                "A vector out, its sum back", "bytes", "GB/s", "set logscale xy\nset format x '10^{%T}'\nset format y '%g'"),
    "shards": (lambda found: points_of(found, r"w4_100000_per_s", node_count),
               "100,000 shards over node processes", "node processes", "shards/s", "set yrange [0:*]\nset format y '%.1s%c'"),
    "registry": (lambda found: dict(registry_lines(found)),
                 "What one operation costs a master", "nodes", "ns", "set logscale xy"),
}


def script_of(path, lines, title, x, y, more):
    """The gnuplot script, with the points inline."""
    told = [f"set terminal svg dashed size 720,440 font 'sans,12' background '#ffffff'\nset output '{path}'", f'set title "{title}"',
            f"set xlabel '{x}'\nset ylabel '{y}'\nset grid\nset key outside right\nset format y '%.0s%c'", more]
    drawn = []
    for i, ((subject, variant), points) in enumerate(lines.items()):
        told.append(f"$points{i} << END\n" + "\n".join(f"{at} {value}" for at, value in points) + "\nEND")
        label = " ".join(filter(None, [NAMES.get(subject, subject), variant]))
        drawn.append(f"$points{i} using 1:2 with linespoints linecolor rgb '{COLOURS[subject]}' "
                     f"dashtype {2 if 'pool' in variant else 1} linewidth {2 if subject == 'dist' else 1} "
                     f'pointtype 7 pointsize 0.4 title "{label}"')
    return "\n".join([*told, "plot " + ", ".join(drawn)]) + "\n"


def draw(figures, folder):
    """The names of those for which there are figures."""
    os.makedirs(folder, exist_ok=True)
    drawn = []
    for name, (lines_of, *words) in PLOTS.items():
        lines = lines_of(figures)
        if lines:
            script = script_of(os.path.join(folder, name + ".svg"), lines, *words)
            subprocess.run(["gnuplot"], input=script, text=True, check=True)
            drawn.append(name)
    return drawn
