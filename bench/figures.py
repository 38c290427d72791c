"""Figures of a run: medians with their spread, as a table, as lines of JSON, and compared with the targets."""

import json
import statistics

UNITS = {"us": "us", "cps": "calls/s", "GBps": "GB/s", "ms": "ms", "s": "shards/s", "ratio": "x", "bytes": "bytes",
         "ns": "ns", "instructions": "instructions"}


def short(value):
    for limit, size, suffix in ((1e6, 1e6, " M"), (1e4, 1e3, " k")):
        if value >= limit:
            return f"{value / size:.3g}{suffix}"
    return f"{value:.0f}" if value >= 1000 else f"{value:.3g}"


def figures_of(workload, step, results):
    """`results`: for each (subject, variant), the results of its runs."""
    floor = next((runs for (subject, _), runs in results.items() if subject.startswith("raw")), [])
    for (subject, variant), runs in results.items():
        for metric in step.metrics:
            seen = [run[metric] for run in runs if metric in run]
            if not seen:
                continue
            median = statistics.median(seen)
            raw = [run[metric] for run in floor if metric in run]
            words = [variant, "one core" if step.one_core else "", "spinning" if step.spin else "",
                     f"{step.nodes} nodes" if step.nodes > 1 else ""]
            yield {"workload": workload, "subject": "raw" if subject.startswith("raw") else subject,
                   "variant": " ".join(filter(None, words)), "metric": metric, "median": median, "min": min(seen),
                   "max": max(seen), "unit": UNITS[metric.rsplit("_", 1)[1]],
                   "to_raw": median / statistics.median(raw) if raw else None}


def rows_of(figures):
    yield ["workload", "subject", "variant", "metric", "median", "min - max", "x raw"]
    for one in figures:
        if "_p10_" in one["metric"] or "_p90_" in one["metric"]:
            continue  # for the plots
        yield [one["workload"], one["subject"], one["variant"], one["metric"], short(one["median"]) + " " + one["unit"],
               short(one["min"]) + " - " + short(one["max"]), f"{one['to_raw']:.2f}" if one["to_raw"] else ""]


def as_table(rows):
    """Markdown that also reads well as it is. The first row is the heading."""
    rows = [list(map(str, row)) for row in rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def write_json(path, about, found):
    """The first line describes the run, every other line is a figure."""
    with open(path, "w") as file:
        for one in [about, *found]:
            file.write(json.dumps(one) + "\n")


def read_json(path):
    with open(path) as file:
        about, *found = [json.loads(line) for line in file]
    return about, found
