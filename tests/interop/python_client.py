"""samples/dist_client.py, which users copy, against our master and node, with and without a secret."""

import hashlib
import hmac
import os
import subprocess
import sys
import tempfile

from programs import Program, equal, get, raises, wait_for_nodes, wait_until

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLES = os.path.join(HERE, os.pardir, os.pardir, "samples")
sys.path.insert(0, SAMPLES)
sys.dont_write_bytecode = True

from dist_client import CallError, Cluster  # noqa: E402

peer = sys.argv[1]
SECRET = "a secret of some length"


def check_calls(cluster):
    equal(cluster.call("Arith.sum", [2, 4, 6]), 12)
    equal(cluster.Arith.sum([9007199254740993]), 9007199254740993)
    failed, sum_of_two = cluster.batch([("Arith.fail", [1]), ("Arith.sum", [[1, 2]])])
    equal((type(failed), sum_of_two), (CallError, 3))
    equal(cluster.batch([]), [])
    thrown = raises(CallError, lambda: cluster.Arith.fail(1))
    equal((str(thrown), thrown.code, thrown.known), ("it fails on purpose", "method_failed", "executed"))
    unknown = raises(CallError, lambda: cluster.call("Arith.missing"))
    equal((unknown.code, unknown.known), ("unknown_method", "not_started"))
    cluster.notify("Arith.next", 5)
    wait_until("the notification has run", lambda: cluster.call("Arith.next", 0) == 5)
    equal([node["state"] for node in cluster.status()["nodes"]], ["living"])


def check_command(port):
    def run(*words):
        return subprocess.run([sys.executable, "-B", os.path.join(SAMPLES, "dist_client.py"), *words],
                              capture_output=True, text=True, timeout=60)

    said = run("localhost:%d" % port, "Arith.sum", "[2, 4, 6]")
    equal((said.returncode, said.stdout), (0, "12\n"))
    failed = run("localhost:%d" % port, "Arith.fail", "1")
    equal((failed.returncode, failed.stderr), (1, "dist_client.py: it fails on purpose\n"))
    equal(run("localhost:1", "Arith.sum", "[1]").returncode, 1)


def check_secret():
    master = Program(peer, "master", "--secret", SECRET)
    with tempfile.NamedTemporaryFile("w", suffix=".secret") as file:
        file.write(SECRET + "\n")
        file.flush()
        with Cluster("localhost:%d" % master.port, timeout=60) as stranger:
            refused = raises(ConnectionError, lambda: stranger.call("Arith.sum", [1]))
            assert "401" in str(refused), refused
        node = Program(peer, "node", "localhost:%d" % master.port, "--secret", SECRET)
        equal(get(master.port, "/status")[0], 401)
        wait_for_nodes(master.port, 1, hmac.new(SECRET.encode(), b"dist/1 viewer", hashlib.sha256).hexdigest())
        trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        with Cluster("localhost:%d" % master.port, secret_file=file.name, timeout=60, traceparent=trace) as friend:
            equal(friend.call("Arith.sum", [2, 4, 6]), 12)
            equal(friend.Arith.trace(), trace)
    equal(node.end(), 0)
    equal(master.end(), 0)


def main():
    master = Program(peer, "master")
    node = Program(peer, "node", f"localhost:{master.port}")
    wait_for_nodes(master.port, 1)
    with Cluster("localhost:%d" % master.port, timeout=60) as cluster:
        check_calls(cluster)
    check_command(master.port)
    equal(node.end(), 0)
    equal(master.end(), 0)
    check_secret()


main()
