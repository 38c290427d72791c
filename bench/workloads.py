"""The workloads: their steps, and the targets for dist."""

import dataclasses

PEERS = ["go-gob", "go-json", "grpc", "capnp", "zmq"]
SIZES = [8, 128, 2048, 32768, 524288, 8388608, 32_000_000]  # doubles: 64 B to 256 MB
MOST_BRIEF = 32768  # of these
WINDOWS = [16, 64, 256, 1024]


@dataclasses.dataclass(frozen=True)
class Step:
    """One measurement that all its subjects take in turns."""
    work: str             # argument of the programs
    metrics: tuple        # the metrics that they print
    variants: tuple = ("",)  # of dist
    peers: tuple = ()
    nodes: int = 1
    one_core: bool = False  # everything on one core
    spin: str = ""        # how long dist's I/O threads busy-wait before they sleep
    slots: tuple = ()     # (variant, slots a node) where it is not 1
    how: str = "programs"  # or another way of subjects.py
    once: bool = False    # it repeats within itself


def steps_of_w2():
    for window in WINDOWS:
        yield Step(f"w2:{window}", (f"w2_{window}_cps",), ("brief", "pool"), ("raw", *PEERS, "mpi"))


def kinds_of(size):
    """The variants of the method that sums `size` numbers: brief methods may take at most 100 us."""
    return ("brief", "pool") if size <= MOST_BRIEF else ("pool",)


def steps_of_w3():
    yield Step("w3sum", ("w3_sum_GBps",), peers=("raw-block", *PEERS, "mpi"))
    yield Step("w3vec", ("w3_vec_GBps",), peers=("raw-block",))
    yield Step("w3echo", ("w3_echo_GBps",), peers=("raw-block", *PEERS, "mpi"))
    for size in SIZES:
        yield Step(f"w3sum:{size}", (f"w3_sum_{8 * size}_GBps",), kinds_of(size), peers=("raw-block", "grpc", "zmq"))


def percentiles(prefix):
    return tuple(f"{prefix}_{share}_us" for share in ("p50", "p10", "p90", "p99", "p999"))


NODE_COUNTS = [10, 100, 1000, 10_000]
REGISTRY = ("pick", "release", "beat", "join")  # docs/scale.md has more
WORKLOADS = {
    "W1": [Step("w1", percentiles("w1"), ("brief", "pool"), ("raw", *PEERS), one_core=True),
           Step("w1", percentiles("w1"), ("brief", "pool"), ("raw-spin",), spin="1ms"),
           Step("w1", percentiles("w1"), ("brief", "pool"), ("raw", *PEERS, "mpi"))],
    "W2": list(steps_of_w2()),
    "W3": list(steps_of_w3()),
    "W4": [Step("w4:1000", ("w4_1000_ms", "w4_1000_per_s"), ("brief", "pool"), ("raw-block", *PEERS, "mpi"), nodes=4),
           *(Step("w4:100000", ("w4_100000_ms", "w4_100000_per_s"), ("brief", "pool"), nodes=nodes)
             for nodes in (1, 2, 4, 8))],
    "W5": [Step("w5", ("w5_ratio",), nodes=4)],
    "W6": [Step("w6:40000", ("w6_ratio", *percentiles("w6_alone"), *percentiles("w6_beside")), ("brief", "pool"),
                slots=(("pool", 8),))],
    "W7": [Step(" ".join(map(str, NODE_COUNTS)), tuple(f"w7_{what}_{count}_ns" for what in REGISTRY for count in NODE_COUNTS),
                how="registry", once=True)],
    "W8": [Step("w8:100000", ("w8_connection_bytes", "w8_call_bytes", "w8_served_bytes", "w8_queued_bytes"),
                peers=("go-gob", "grpc"), how="memory", once=True)],
    "W9": [Step("w9tcp", ("w9_tcp_64_cps",), peers=("go-json",), how="json"), Step("w9http", ("w9_http_64_cps",), how="json")],
    "W10": [Step("w10", ("w10_cluster_ms", "w10_help_ms", "w10_ratio"), how="start")],
    "W11": [Step("w11", ("w11_bcast_ms", "w11_reduce_ms"), peers=("mpi",), nodes=4)],
}


def targets():
    """(workload, (variant, metric), "at most" or "at least", factor, (peer, variant, metric) to compare with or None)"""
    def raw(metric, variant=""):
        return ("raw", variant, metric)

    yield "W1", ("brief one core", "w1_p50_us"), "at most", 1.25, raw("w1_p50_us", "one core")
    yield "W1", ("pool one core", "w1_p50_us"), "at most", 2, raw("w1_p50_us", "one core")
    yield "W1", ("brief spinning", "w1_p50_us"), "at most", 1.4, raw("w1_p50_us", "spinning")
    for window, share in ((64, 0.85), (256, 0.45)):
        metric = f"w2_{window}_cps"
        yield "W2", ("brief", metric), "at least", share, raw(metric)
        yield "W2", ("pool", metric), "at least", share / 2, raw(metric)
        for factor, peer in ((1.25, "zmq"), (9, "grpc"), (9, "go-gob")):
            yield "W2", ("brief", metric), "at least", factor, (peer, "", metric)
    for what, share in (("sum", 0.85), ("vec", 0.75), ("echo", 0.75)):
        yield "W3", ("", f"w3_{what}_GBps"), "at least", share, raw(f"w3_{what}_GBps")
    for what in ("sum", "echo"):
        yield "W3", ("", f"w3_{what}_GBps"), "at least", 1, ("grpc", "", f"w3_{what}_GBps")
    for size in SIZES:
        yield "W3", (kinds_of(size)[0], f"w3_sum_{8 * size}_GBps"), "at least", 0.6, raw(f"w3_sum_{8 * size}_GBps")
    yield "W4", ("brief 4 nodes", "w4_100000_per_s"), "at least", 850_000, None
    yield "W4", ("pool 4 nodes", "w4_100000_per_s"), "at least", 425_000, None
    for factor, peer in ((8, "go-gob"), (15, "grpc")):
        yield "W4", ("brief 4 nodes", "w4_100000_per_s"), "at least", factor, (peer, "4 nodes", "w4_1000_per_s")
    yield "W4", ("brief 4 nodes", "w4_1000_ms"), "at most", 2.5, None
    yield "W4", ("pool 4 nodes", "w4_1000_ms"), "at most", 5, None
    yield "W5", ("4 nodes", "w5_ratio"), "at most", 1.05, None
    yield "W6", ("brief", "w6_ratio"), "at most", 2, None
    for what in ("tcp", "http"):
        yield "W9", ("", f"w9_{what}_64_cps"), "at least", 3, ("go-json", "", "w9_tcp_64_cps")
    yield "W10", ("", "w10_ratio"), "at most", 3, None
