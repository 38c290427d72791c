"""A Go node joins our master: replies, errors, death, return."""

import os
import signal
import sys

from client import RpcError, WebClient
from programs import Program, equal, get, raises, status, wait_for_nodes, wait_until

peer, go_node = sys.argv[1:3]
BEAT = 100  # milliseconds


def check_answers(master, client):
    # From C++ with types: converted to Go spelling.
    equal(master.ask("sum 2 4 6"), "12")
    equal(master.ask("count 0 2001"), "93")
    # Go writes a double below 1e21 in plain digits, more than a 64-bit integer can hold.
    equal(float(master.ask("half 3")), 1.5)
    equal(float(master.ask("half 2.4691357802469134e18")), 1.2345678901234568e18)
    equal(float(master.ask("half 2.469135780246913e20")), 1.2345678901234565e20)
    equal(float(client.call("Arith.half", 123456789012345670000)), 61728394506172830000.0)
    # From outside: spelled as written.
    equal(client.call("Arith.sum", [2, 4, 6]), 12)
    equal(client.call("Palindrom.check", 9), True)
    equal(client.call("Palindrom.check_n", {"Start": 0, "End": 8}), 5)


def check_errors(client):
    thrown = raises(RpcError, lambda: client.call("Arith.fail", 1))
    equal((str(thrown), thrown.data["known"]), ("it fails on purpose", "executed"))
    for attempt in range(2):
        unknown = raises(RpcError, lambda: client.call("Arith.missing", 1))
        equal((unknown.code, unknown.data["known"]), (-32601, "not_started"))
        assert "Arith.missing" in str(unknown) or "Arith.Missing" in str(unknown), unknown
    many = raises(RpcError, lambda: client.call("Arith.sum", 1, 2))
    equal((many.code, many.data["known"]), (-32602, "not_started"))
    assert "exactly one argument, not 2" in str(many), many


def check_death(master, client, node):
    port = node.port
    # Not repeatable: its outcome is unknown.
    lost = raises(RpcError, lambda: client.call("Arith.exit", 3))
    equal((lost.code, lost.data["known"], lost.data["code"]), (-32003, "unknown", "connection_lost"))
    equal(node.wait(), 3)
    wait_for_nodes(master.port, 0)
    # It returns on its port and is found again, by its registration or by dialling.
    again = Program(go_node, f"localhost:{master.port}", port)
    equal(again.port, port)
    wait_for_nodes(master.port, 1)
    equal(client.call("Arith.sum", [1, 2]), 3)
    # One address is one node, however often it registers.
    equal(get(master.port, f"/register-node?port={port}"), (201, "registered\n"))
    equal(client.call("Arith.sum", [1, 2]), 3)
    equal(len(status(master.port)["nodes"]), 1)
    return again


def check_move(master, client, first):
    """A repeatable call moves to another Go node when its own is killed."""
    second = Program(go_node, f"localhost:{master.port}")
    wait_for_nodes(master.port, 2)
    first.kill()
    for _ in range(20):
        equal(master.ask("sum 1 2 3"), "6")
    wait_for_nodes(master.port, 1)
    return second


def wait_for_state(master, state):
    wait_until(f"a {state} node", lambda: state in [node["state"] for node in status(master.port)["nodes"]])


def check_silence(master, client, node):
    """A suspended process is silent: suspect, then lost, then back when it resumes."""
    os.kill(node.process.pid, signal.SIGSTOP)
    wait_for_state(master, "suspect")
    os.kill(node.process.pid, signal.SIGCONT)
    wait_for_state(master, "living")
    equal(client.call("Arith.sum", [1]), 1)
    os.kill(node.process.pid, signal.SIGSTOP)
    wait_for_nodes(master.port, 0)
    os.kill(node.process.pid, signal.SIGCONT)
    wait_for_nodes(master.port, 1)
    equal(client.call("Arith.sum", [1]), 1)


def check_refusals(port):
    equal(get(port, "/register-node")[0], 400)
    equal(get(port, "/register-node?port=1&slots=x")[0], 400)


def main():
    master = Program(peer, "master", "--heartbeat-ms", BEAT)
    node = Program(go_node, f"localhost:{master.port}")
    nodes = wait_for_nodes(master.port, 1)
    equal((nodes[0]["kind"], nodes[0]["slots"], nodes[0]["name"]), ("go", 1, f"127.0.0.1:{node.port}"))
    client = WebClient("localhost", master.port)
    check_answers(master, client)
    check_errors(client)
    node = check_death(master, client, node)
    node = check_move(master, client, node)
    check_silence(master, client, node)
    check_refusals(master.port)
    client.close()
    equal(master.end(), 0)
    node.kill()


main()
