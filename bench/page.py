"""Fills in the generated sections of docs/performance.md; the others are written by hand."""

import os
import re

import figures
import plots
from workloads import targets


def median_of(found, subject, variant, metric):
    wanted = {"subject": subject, "variant": variant, "metric": metric}
    return next((one["median"] for one in found if all(one[key] == value for key, value in wanted.items())), None)


def unit_of(metric):
    return figures.UNITS[metric.rsplit("_", 1)[1]]


def target_rows(found):
    yield ["workload", "metric", "measured", "target", "met"]
    for workload, (variant, metric), sense, factor, other in targets():
        value = median_of(found, "dist", variant, metric)
        if value is None:
            continue
        what = " ".join(filter(None, [metric, variant]))
        if other is None:
            shown, wanted, got = f"{figures.short(value)} {unit_of(metric)}", f"{sense} {figures.short(factor)}", value
        else:
            base = median_of(found, *other)
            if not base:
                continue
            of = other[0] if other[2] == metric else f"{other[0]} {other[2]}"
            got = value / base
            shown, wanted = f"{got:.2f} x {of}", f"{sense} {factor:g} x"
        reached = got <= factor if sense == "at most" else got >= factor
        yield [workload, what, shown, wanted, "yes" if reached else "**no**"]


def of_run(about):
    return (f"{about['machine']}; {about['date']}, `{about['command']}`, medians of {about['repeats']}.\n")


def sections(about, found, folder):
    reached = list(target_rows(found))
    text = of_run(about) + "\n" + figures.as_table(reached) if len(reached) > 1 else ""
    yield "Targets", text
    drawn = [f"![{title}]({folder}/{name}.svg)" for name, (lines_of, title, *_) in plots.PLOTS.items() if lines_of(found)]
    yield "Plots", "\n".join(drawn) if folder else ""
    plain = [one for one in found if one["workload"] != "instructions"]
    yield "All figures", figures.as_table(figures.rows_of(plain))
    counted = [one for one in found if one["workload"] == "instructions"]
    rows = [["", *("instructions per call, " + one["variant"] for one in counted if one["metric"].startswith("master"))]]
    for side in ("master", "node"):
        rows.append([side, *(f"{one['median']:,.0f}" for one in counted if one["metric"].startswith(side))])
    yield "Instructions", figures.as_table(rows) if counted else ""


def fill(path, about, found, plots_folder):
    folder = plots_folder and os.path.relpath(plots_folder, os.path.dirname(path) or ".")
    with open(path) as file:
        text = file.read()
    for heading, body in sections(about, found, folder):
        if not body:
            continue
        start = f"## {heading}\n"
        if start not in text:
            raise SystemExit(f"bench: {path} has no section '{heading}'")
        text = re.sub(re.escape(start) + r".*?(?=^## |\Z)", lambda _: f"{start}\n{body}\n\n", text, count=1,
                      flags=re.S | re.M)
    with open(path, "w") as file:
        file.write(text.rstrip("\n") + "\n")
