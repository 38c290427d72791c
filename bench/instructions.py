"""Instructions per call, for master and node separately, counted by callgrind, independent of other load.

Two runs that differ only in the number of calls are subtracted: start and end cancel out."""

import re
import signal
import subprocess
import tempfile

import subjects

CALLS = (2000, 12000)


def counted(command, out):
    return ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", *command]


def total_of(out):
    with open(out) as file:
        return int(re.search(r"^(?:totals|summary): (\d+)", file.read(), re.M).group(1))


def count(bench, calls, in_flight):
    """(instructions of the master's process, of the node's)"""
    (port,) = subjects.free_ports(1)
    address = f"127.0.0.1:{port}"
    with tempfile.NamedTemporaryFile() as here, tempfile.NamedTemporaryFile() as there:
        node = subprocess.Popen(counted([bench, "--join", address, "--slots", "1", "-q"], there.name),
                                stderr=subprocess.DEVNULL)
        try:
            master = [bench, "--master", address, "--min-nodes", "1", "-q", f"count:{calls}", str(in_flight)]
            subprocess.run(counted(master, here.name), check=True, stderr=subprocess.DEVNULL, timeout=300)
        finally:
            node.send_signal(signal.SIGTERM)
            node.wait(60)
        return total_of(here.name), total_of(there.name)


def figures():
    with tempfile.TemporaryDirectory() as folder:
        # Debian's valgrind cannot read the debug information of clang 19.
        bench = f"{folder}/bench_dist"
        subprocess.run(["objcopy", "--strip-debug", subjects.program("bench_dist"), bench], check=True)
        yield from figures_of(bench)


def figures_of(bench):
    for in_flight in (1, 64):
        few, many = (count(bench, calls, in_flight) for calls in CALLS)
        for i, side in enumerate(("master", "node")):
            each = (many[i] - few[i]) / (CALLS[1] - CALLS[0])
            yield {"workload": "instructions", "subject": "dist", "variant": f"{in_flight} in flight",
                   "metric": f"{side}_instructions", "median": each, "min": each, "max": each,
                   "unit": "instructions", "to_raw": None}
