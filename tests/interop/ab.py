"""ApacheBench, which uses HTTP/1.0 with keep-alive: every request is answered, over kept connections."""

import os
import re
import shutil
import subprocess
import sys
import tempfile

from programs import Program, equal, wait_for_nodes

peer = sys.argv[1]
SKIPPED = 77
CALL = b'{"jsonrpc":"2.0","id":1,"method":"Arith.sum","params":[[5,3]]}'


def bench(port, path, *options):
    # -l: responses may differ in length.
    said = subprocess.run(["ab", "-l", "-n", "500", "-c", "5", "-s", "30", *options, f"http://127.0.0.1:{port}{path}"],
                          capture_output=True, text=True)
    assert said.returncode == 0, said.stdout + said.stderr
    counts = {name: int(count) for name, count in re.findall(r"(?m)^([A-Z][A-Za-z2-9 -]*): +(\d+)\b", said.stdout)}
    equal((path, counts["Complete requests"], counts["Failed requests"]), (path, 500, 0))
    equal((path, "Non-2xx responses" in said.stdout), (path, False))
    return counts


def main():
    if not shutil.which("ab"):
        print("skipped: no ab (apache2-utils) on this machine")
        sys.exit(SKIPPED)
    master = Program(peer, "master")
    node = Program(peer, "node", f"localhost:{master.port}")
    wait_for_nodes(master.port, 1)
    with tempfile.TemporaryDirectory() as folder:
        body = os.path.join(folder, "call.json")
        with open(body, "wb") as file:
            file.write(CALL)
        for path, *options in (["/healthz"], ["/healthz", "-i"], ["/status"], ["/rpc", "-p", body, "-T", "application/json"]):
            equal(bench(master.port, path, "-k", *options)["Keep-Alive requests"], 500)
            equal(bench(master.port, path, *options).get("Keep-Alive requests", 0), 0)
    equal(node.end(), 0)
    equal(master.end(), 0)


main()
