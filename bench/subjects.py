"""Starts and measures each subject."""

import os
import shutil
import signal
import socket
import statistics
import subprocess
import time

from machine import ROOT

BUILD = os.path.join(ROOT, "build", "bench")
PROGRAMS = {"raw": ("peer_raw", "epoll"), "raw-block": ("peer_raw", "block"), "raw-spin": ("peer_raw", "spin"),
            "go-gob": ("peer_go", "gob"), "go-json": ("peer_go", "json"), "grpc": ("peer_grpc",),
            "capnp": ("peer_capnp",), "zmq": ("peer_zmq",)}
MPI = ["mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "--mca", "pml", "ob1", "--mca", "btl",
       "self,tcp", "--mca", "btl_tcp_if_include", "lo"]


def program(name):
    return os.path.join(BUILD, "bench", os.path.join("peers", name) if name.startswith("peer_") else name)


def subjects_of(step, with_peers):
    """(subject, variant) in the order in which they take turns."""
    found = [("dist", variant) for variant in step.variants]
    for peer in step.peers:
        if peer.startswith("raw"):
            found.append((peer, ""))
        elif with_peers and peer == "mpi":
            if shutil.which("mpirun") and os.path.exists(program("peer_mpi")):
                found.append((peer, ""))
        elif with_peers and os.path.exists(program(PROGRAMS[peer][0])):
            found.append((peer, ""))
    return found


def measure(step, subject, variant):
    """The step's figures of one subject, each in fresh processes."""
    figures = WAYS[step.how](step, subject, variant)
    return {key: figures[key] for key in step.metrics if key in figures}


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def on_cores(step, command):
    return ["taskset", "-c", "0", *command] if step.one_core else command


def figures_in(text):
    pairs = (line.split(" ") for line in text.splitlines() if line.startswith("w"))
    return {pair[0]: float(pair[1]) for pair in pairs}


def ask(command, patience=300, environment=None):
    done = subprocess.run(command, capture_output=True, text=True, timeout=patience, env=environment)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()[-300:]}")
    return figures_in(done.stdout)


class Children:
    """Programs that are stopped at the end of the block."""

    def __init__(self):
        self.running = []

    def start(self, command, **how):
        self.running.append(subprocess.Popen(command, **how))
        return self.running[-1]

    def start_ready(self, command):
        """Starts a program that reports when it is ready."""
        child = self.start(command, stdout=subprocess.PIPE, text=True)
        if child.stdout.readline().strip() != "ready":
            raise RuntimeError(f"{' '.join(command)} does not start")
        return child

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for child in self.running:
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
        for child in self.running:
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def run_programs(step, subject, variant):
    if subject == "dist":
        return run_dist(step, variant)
    if subject == "mpi":
        binary = program("peer_mpi")
        return ask([*MPI, "-np", "1", binary, step.work, ":", "-np", str(step.nodes), binary, step.work])
    binary, *mode = PROGRAMS[subject]
    with Children() as children:
        ports = free_ports(step.nodes)
        for port in ports:
            children.start_ready(on_cores(step, [program(binary), "server", str(port), *mode]))
        return ask(on_cores(step, [program(binary), "client", step.work, ",".join(map(str, ports)), *mode]))


def run_dist(step, variant):
    (port,) = free_ports(1)
    slots = dict(step.slots).get(variant, 1)
    how = ["-q", *(["--spin", step.spin] if step.spin else [])]
    join = [program("bench_dist"), "--join", f"127.0.0.1:{port}", "--slots", str(slots), *how]
    master = [program("bench_dist"), "--master", f"127.0.0.1:{port}", "--min-nodes", str(step.nodes), *how]
    with Children() as children:
        for i in range(step.nodes):
            children.start(on_cores(step, [*join, "--name", f"n{i}"]))
        return ask(on_cores(step, [*master, step.work, *filter(None, [variant])]))


def run_registry(step, *_):
    """One size per run; the least of three runs counts, since anything above it is noise."""
    found = {}
    for size in step.work.split():
        for _ in range(3):
            text = subprocess.run([program("bench_registry"), size, str(10 * int(size)), "20000"], capture_output=True,
                                  text=True, check=True).stdout
            for name, _, each in (line.split() for line in text.splitlines()):
                key = f"w7_{name}_{size}_ns"
                found[key] = min(found.get(key, float("inf")), float(each))
    return found


def run_memory(step, subject, variant):
    """Additional memory of a process per idle connection and per call in flight."""
    count = step.work.partition(":")[2]
    if subject == "dist":
        return {**memory_of_calls(count), **memory_of_nodes(1000)}
    figures = {}
    binary, *mode = PROGRAMS[subject]
    for work in ("w8conn", f"w8calls:{count}"):
        (port,) = free_ports(1)
        with Children() as children:
            server = children.start_ready([program(binary), "server", str(port), *mode])
            environment = {**os.environ, "BENCH_SERVER": str(server.pid)}
            figures.update(ask([program(binary), "client", work, str(port), *mode], environment=environment))
    return figures


def memory_of_calls(count):
    figures, bench = {}, program("bench_dist")
    for work in ("w8calls", "w8queued"):
        (port,) = free_ports(1)
        with Children() as children:
            children.start([bench, "--crowd", f"127.0.0.1:{port}", "1"])
            master = [bench, "--master", f"127.0.0.1:{port}", "--min-nodes", "1", "-q"]
            figures.update(ask([*master, f"{work}:{count}"]))
    return figures


def memory_of_nodes(count):
    """For the master, when all of them join at once from one process."""
    (port,) = free_ports(1)
    bench, address = program("bench_dist"), f"127.0.0.1:{port}"
    with Children() as children:
        children.start([bench, "--join", address, "--slots", "1", "-q"])
        master = children.start_ready([bench, "--master", address, "--min-nodes", "1", "-q", f"w8conn:{count}"])
        children.start([bench, "--crowd", address, str(count)])
        return figures_in(master.communicate(timeout=60)[0])


def run_json(step, subject, variant):
    with Children() as children:
        (port,) = free_ports(1)
        if subject == "dist":
            bench, address = program("bench_dist"), f"127.0.0.1:{port}"
            children.start([bench, "--join", address, "--slots", "1", "-q"])
            children.start_ready([bench, "--master", address, "--min-nodes", "1", "-q", "serve"])
        else:
            children.start_ready([program("peer_go"), "server", str(port), "json"])
        return ask([program("peer_json"), "client", step.work, str(port), "dist" if subject == "dist" else "go"])


def run_start(step, *_):
    """A cluster of four from nothing to its first answer, and four processes that only print their help."""
    bench, times = program("bench_dist"), {"cluster": [], "help": []}
    for _ in range(20):
        began = time.perf_counter()
        cluster = subprocess.Popen([bench, "--local", "4", "--min-nodes", "4", "-q", "w10"], stdout=subprocess.PIPE)
        answered = cluster.stdout.readline()
        times["cluster"].append(1e3 * (time.perf_counter() - began))
        cluster.wait()
        if answered.strip() != b"answered":
            raise RuntimeError("the cluster gave no answer")
        began = time.perf_counter()
        helpers = [subprocess.Popen([bench, "--help"], stdout=subprocess.DEVNULL) for _ in range(4)]
        for one in helpers:
            one.wait()
        times["help"].append(1e3 * (time.perf_counter() - began))
    cluster, helped = (statistics.median(times[which]) for which in ("cluster", "help"))
    return {"w10_cluster_ms": cluster, "w10_help_ms": helped, "w10_ratio": cluster / helped}


WAYS = {"programs": run_programs, "registry": run_registry, "memory": run_memory, "json": run_json, "start": run_start}
