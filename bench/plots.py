"""The plots of docs/performance.md, drawn from the figures of one run."""

import os
import re

COLOURS = {"dist": "#c1272d", "raw": "#333333", "zmq": "#0072b2", "go-gob": "#009e73", "go-json": "#56b4e9",
           "grpc": "#e69f00", "capnp": "#cc79a7", "mpi": "#8c6bb1"}
NAMES = {"dist": "dist", "raw": "raw sockets", "zmq": "ZeroMQ", "go-gob": "Go net/rpc, gob", "go-json": "Go net/rpc, JSON",
         "grpc": "gRPC", "capnp": "Cap'n Proto", "mpi": "Open MPI"}


def lines_of(figures, pattern, wanted=lambda one: True):
    """By (subject, variant): the points (x, median) whose metric matches; its group is x."""
    found = {}
    for one in figures:
        match = re.fullmatch(pattern, one["metric"])
        if match and wanted(one):
            found.setdefault((one["subject"], one["variant"]), []).append((int(match.group(1)), one["median"]))
    return {who: sorted(points) for who, points in found.items() if len(points) > 1}


def draw_lines(axes, lines):
    for (subject, variant), points in lines.items():
        label = " ".join(filter(None, [NAMES.get(subject, subject), variant]))
        axes.plot(*zip(*points), marker="o", markersize=3, label=label, color=COLOURS.get(subject),
                  linestyle="--" if "pool" in variant else "-", linewidth=2 if subject == "dist" else 1.2)


def throughput(figures, axes):
    lines = lines_of(figures, r"w2_(\d+)_cps")
    draw_lines(axes, lines)
    axes.set(title="Small calls on one connection", xlabel="calls in flight", ylabel="calls/s", xscale="log",
             yscale="log")
    return lines


PERCENTILES = {"p10": 10, "p50": 50, "p90": 90, "p99": 99, "p999": 99.9}


def latency(figures, axes):
    found = {}
    for one in figures:
        match = re.fullmatch(r"w1_(p\d+)_us", one["metric"])
        if match and "one core" in one["variant"]:
            who = (one["subject"], one["variant"].replace("one core", "").strip())
            found.setdefault(who, []).append((list(PERCENTILES).index(match.group(1)), one["median"]))
    draw_lines(axes, {who: sorted(points) for who, points in found.items()})
    axes.set(title="One call in flight, both processes on one core", xlabel="percentile", ylabel="microseconds",
             yscale="log")
    axes.set_xticks(range(len(PERCENTILES)), [f"{share:g}" for share in PERCENTILES.values()])
    return found


def payload(figures, axes):
    lines = lines_of(figures, r"w3_sum_(\d+)_GBps")
    draw_lines(axes, lines)
    axes.set(title="A vector there, its sum back", xlabel="bytes", ylabel="GB/s", xscale="log", yscale="log")
    return lines


def shards(figures, axes):
    found = {}
    for one in figures:
        if one["metric"] == "w4_100000_per_s":
            nodes = re.search(r"(\d+) nodes", one["variant"])
            who = (one["subject"], one["variant"].split(" ")[0])
            found.setdefault(who, []).append((int(nodes.group(1)) if nodes else 1, one["median"]))
    draw_lines(axes, {who: sorted(points) for who, points in found.items()})
    axes.set(title="100,000 shards through map_reduce", xlabel="node processes", ylabel="shards/s")
    axes.set_ylim(bottom=0)
    return found


def registry(figures, axes):
    any_found = False
    for what in ("pick", "release", "beat", "join"):
        points = lines_of(figures, rf"w7_{what}_(\d+)_ns").get(("dist", ""), [])
        if points:
            any_found = True
            axes.plot(*zip(*points), marker="o", markersize=3, label=what)
    axes.set(title="What one operation costs a master", xlabel="nodes", ylabel="ns", xscale="log", yscale="log")
    return any_found


PLOTS = {"throughput": throughput, "latency": latency, "payload": payload, "shards": shards, "registry": registry}


def draw(figures, folder):
    """The names of those for which there are figures."""
    import matplotlib
    matplotlib.use("svg")
    # The same figures make the same file, and text stays text.
    matplotlib.rcParams.update({"svg.hashsalt": "dist", "svg.fonttype": "none", "font.size": 9})
    from matplotlib import pyplot
    os.makedirs(folder, exist_ok=True)
    drawn = []
    for name, plot in PLOTS.items():
        shape, axes = pyplot.subplots(figsize=(6.4, 4))
        if plot(figures, axes):
            axes.grid(alpha=0.3)
            axes.legend(fontsize=7)
            shape.tight_layout()
            shape.savefig(os.path.join(folder, name + ".svg"), metadata={"Date": None})
            drawn.append(name)
        pyplot.close(shape)
    return drawn
