"""Events as a master sends them to the page, of clusters that a test cannot start. Always the same."""

import math


def _node(name, at, **more):
    made = {"name": name, "address": "10.1.%d.%d:40112" % (at // 250, at % 250), "kind": "dist", "state": "living",
            "slots": 16, "in_use": 9 + at * 7 % 9, "abandoned": 0, "age_ms": 60000 + at * 977000, "silent_ms": 300,
            "build": "9f2c71aa0b", "labels": {"gpu": "1"} if at % 5 == 0 else {}, "answered": 52000 + at * 331,
            "failed": 3 if at % 17 == 3 else 0, "p50_us": 900 + at * 13, "p99_us": 21000 + at * 211}
    made.update(more)
    return made


def _method(name, **more):
    made = {"name": name, "types": "text,float64 -> float64", "nodes": 1, "repeatable": True, "queued": 0, "ok": 81250,
            "failed": 0, "p50_us": 1400, "p99_us": 23000, "run_us": 1100}
    made.update(more)
    return made


def _fan_out(name, done, total, per_second, failed=0):
    return {"name": name, "done": done, "failed": failed, "total": total, "per_second": per_second,
            "left_ms": None if total is None else (total - done) / per_second * 1000, "elapsed_ms": done / per_second * 1000}


def _samples(per_second, slots, nodes):
    """Ten minutes, with a dip."""
    made, ok, failed = [], 0, 0
    for at in range(600):
        dip = 0.35 if 240 < at < 300 else 1.0
        ok += int(per_second * dip * (1 + 0.12 * math.sin(at / 9) + 0.05 * math.sin(at * 1.7)))
        failed += int(per_second * 0.02) if 240 < at < 300 else 0
        p50 = int(1400 / dip * (1 + 0.1 * math.sin(at / 5)))
        made.append([(599 - at) * 1000, ok, failed, 1200, slots * 3 // 4, slots, nodes, p50, p50 * 14 + at * 7])
    return made


def _calls(names, methods, busy_ms):
    made = []
    for n, name in enumerate(names):
        ago, at = 30000.0, n
        while ago > 300:
            took = busy_ms * (0.4 + (at * 37 % 101) / 101)
            how = "failed" if at % 61 == 7 else "lost" if at % 97 == 5 else "ok"
            made.append([name, methods[at % len(methods)], ago, max(0, ago - took), how])
            ago -= took + 40 + at * 53 % 400
            at += 1
    return made


def _news(nodes, methods, per_second, **more):
    slots = sum(one["slots"] for one in nodes)
    made = {"version": "0.1.0", "sums": {"nodes": len(nodes), "living": sum(one["state"] == "living" for one in nodes),
                                         "slots": slots, "in_use": sum(one["in_use"] for one in nodes), "abandoned": 0,
                                         "queued": 0, "late_replies": 0},
            "nodes": nodes, "nodes_left_out": 0, "methods": methods, "failures": [], "waiting": [], "jobs": [],
            "fan_outs": [],
            "samples": _samples(per_second, slots, len(nodes)),
            "calls": _calls([one["name"] for one in nodes][:60], [one["name"] for one in methods][:3], 900)}
    made.update(more)
    return made


def one_node():
    return _news([_node("desk", 1, slots=4, in_use=3)], [_method("Palindrom.check_n", types="uint64,uint64 -> int64")], 40)


def few_calls():
    """Two and a half minutes, with two single calls."""
    news = one_node()
    news["samples"], ok = [], 0
    for at in range(150):
        came = at in (60, 120)
        ok += came
        news["samples"].append([(149 - at) * 1000, ok, 0, 0, 0, 2, 1, 223 * came, 319 * came])
    return news


def many_nodes(count):
    nodes = [_node("ws%03d" % at, at) for at in range(1, count + 1)]
    nodes[3].update(state="suspect", silent_ms=7200)
    nodes[11].update(state="draining")
    nodes[19].update(state="set_aside", failed=4100)
    nodes[26].update(in_use=16, abandoned=2)
    nodes[0].update(name="a-machine-with-a-very-long-name.of.a.very.deep.domain.example.org#17",
                    labels={"site": "the-other-building-across-the-street", "gpu": "1", "memory": "1024GB"})
    methods = [_method("Pricer.price", queued=900, nodes=count, ok=8123456, failed=120),
               _method("ARatherLongServiceNameThatSomebodyChose.and_a_method_with_a_long_name_too", nodes=count,
                       types="{name: text, legs: [{side: int32, amount: float64, rate: optional<float64>}]} -> [float64]"),
               _method("Prices.load", repeatable=False, ok=count, p50_us=220000, p99_us=910000, run_us=200000, nodes=count)]
    return _news(nodes, methods, 24000,
                 waiting=["Pricer.price: all 3,184 slots are in use", "Mesh.solve: no node has label site=north"],
                 jobs=[{"job": 2, "name": "risk --date 2026-11-25 --book everything-that-we-have-in-all-regions",
                        "address": "10.1.0.9:51822", "calls": 4096, "ended": 8123456, "cancelled": False,
                        "age_ms": 11520000,
                        "fan_outs": [_fan_out("pricing", 8123456, 11000000, 705.1, failed=120),
                                     _fan_out("map_reduce of ARatherLongServiceNameThatSomebodyChose.and_a_method_with_a_"
                                              "long_name_too", 3, 40000, 0.01)]},
                       {"job": 5, "name": "what-if", "address": "10.1.0.14:40112", "calls": 12, "ended": 340,
                        "cancelled": True, "age_ms": 42000, "fan_outs": []}],
                 fan_outs=[_fan_out("map of Prices.load", 340, None, 8.1)],
                 failures=[{"age_ms": 4000, "count": 118, "code": "method_failed", "method": "Pricer.price", "node": "ws020",
                            "message": "no rate for ACME on 2026-02-30", "cause": ""},
                           {"age_ms": 71000, "count": 1, "code": "poisoned", "method": "Pricer.price", "node": "",
                            "message": "3 nodes died of it: ws007 (signal 11), ws031 (signal 11), ws090 (signal 11)",
                            "cause": "node ws007: its process ended: signal 11 while running Pricer.price"}])
