"""Our node joins a Go master: serves, registers again when forgotten, drains."""

import json
import sys

from programs import Program, equal, get, wait_until

peer, go_master = sys.argv[1:3]
BEAT = 100  # milliseconds


def wait_for_nodes(master, count):
    wait_until(f"{count} nodes at the Go master", lambda: len(json.loads(get(master.port, "/nodes")[1])) == count)


def check_calls(master):
    equal(get(master.port, "/sum"), (200, "12\n"))
    equal(get(master.port, "/count?n=2001"), (200, "93\n"))
    equal(get(master.port, "/note"), (200, "true\n"))
    equal(get(master.port, "/fail"), (502, "it fails on purpose\n"))
    equal(get(master.port, "/missing"), (502, "rpc: can't find method Arith.Missing\n"))
    equal(get(master.port, "/sum"), (200, "12\n"))


def main():
    master = Program(go_master)
    node = Program(peer, "node", f"localhost:{master.port}", "--heartbeat-ms", BEAT)
    wait_for_nodes(master, 1)
    check_calls(master)
    # The master forgets the node and stops dialling: it registers again.
    get(master.port, "/forget")
    wait_for_nodes(master, 1)
    check_calls(master)
    # It also registers again after a restart of the master.
    port = master.port
    master.kill()
    master = Program(go_master, port)
    wait_for_nodes(master, 1)
    check_calls(master)
    node.tell("drain")
    equal(node.wait(), 0)
    wait_for_nodes(master, 0)
    # Stop without a drain.
    node = Program(peer, "node", f"localhost:{master.port}", "--heartbeat-ms", BEAT)
    wait_for_nodes(master, 1)
    check_calls(master)
    equal(node.end(), 0)
    master.kill()


main()
