"""POST /rpc: a Python client and curl against our master and node."""

import json
import shutil
import subprocess
import sys

from client import RpcError, WebClient
from programs import Program, equal, get, raises, wait_for_nodes, wait_until

peer = sys.argv[1]


def check_calls(client):
    equal(client.post('{"jsonrpc":"2.0","method":"Arith.sum","params":[[2,4,6]],"id":1}'),
          (200, '{"jsonrpc":"2.0","result":12,"id":1}'))
    equal(client.call("Arith.sum", [1, 3, 5]), 9)
    equal(client.call("Arith.Sum", [1, 3, 5]), 9)
    equal(client.call("Palindrom.check_n", {"start": 0, "end": 2001}), 93)
    equal(client.call("Palindrom.CheckN", {"Start": 0, "End": 2001}), 93)
    equal(client.post('{"jsonrpc":"2.0","method":"Palindrom.check_n","params":{"start":0,"end":8},"id":"a"}')[1],
          '{"jsonrpc":"2.0","result":5,"id":"a"}')
    equal(client.call("Arith.sum", [9007199254740993]), 9007199254740993)


def check_errors(client):
    thrown = raises(RpcError, lambda: client.call("Arith.fail", 1))
    equal((str(thrown), thrown.code, thrown.data["known"]), ("it fails on purpose", -32000, "executed"))
    unknown = raises(RpcError, lambda: client.call("Arith.missing", 1))
    equal((unknown.code, unknown.data["known"]), (-32601, "not_started"))
    assert "Arith.missing" in str(unknown), unknown
    wrong = raises(RpcError, lambda: client.call("Arith.sum", "text"))
    equal((wrong.code, wrong.data["known"]), (-32602, "not_started"))
    assert "argument 1" in str(wrong), wrong
    many = raises(RpcError, lambda: client.call("Arith.sum", [1], [2]))
    equal(many.code, -32602)


def check_batch(client):
    answers = client.batch([("Arith.sum", [[1, 2]]), ("Arith.fail", [1]), ("Arith.sum", [[3, 4]])])
    equal([answer.get("result") for answer in answers], [3, None, 7])
    equal(answers[1]["error"]["code"], -32000)
    equal(client.post('[{"jsonrpc":"2.0","method":"Arith.sum","params":[[1]],"id":1},1]'),
          (200, '[{"jsonrpc":"2.0","result":1,"id":1},{"jsonrpc":"2.0","error":{"code":-32600,'
                '"message":"invalid request: a request must be an object"},"id":null}]'))


def check_notification(client):
    equal(client.post('{"jsonrpc":"2.0","method":"Arith.next","params":[5]}'), (204, ""))
    wait_until("the notification has run", lambda: client.call("Arith.next", 0) == 5)


def check_trace(client):
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    for given, expected in ((trace, trace), ("nonsense", "")):
        client.headers["traceparent"] = given
        equal([answer["result"] for answer in client.batch([("Arith.trace", [])] * 2)], [expected] * 2)
    del client.headers["traceparent"]
    equal(client.call("Arith.trace"), "")


def check_curl(port):
    if not shutil.which("curl"):
        return print("no curl: not tried with it")
    said = subprocess.run(["curl", "-s", "-d", '{"jsonrpc":"2.0","method":"Arith.sum","params":[[2,4,6]],"id":1}',
                           f"localhost:{port}/rpc"], capture_output=True, text=True, check=True)
    equal(said.stdout, '{"jsonrpc":"2.0","result":12,"id":1}')


def check_no_node():
    master = Program(peer, "master", "--node-wait-ms", 50)
    client = WebClient("localhost", master.port)
    failed = raises(RpcError, lambda: client.call("Arith.sum", [1]))
    equal((str(failed), failed.code, failed.data["known"]), ("no node has joined", -32005, "not_started"))
    client.close()
    equal(master.end(), 0)


def main():
    master = Program(peer, "master")
    node = Program(peer, "node", f"localhost:{master.port}")
    wait_for_nodes(master.port, 1)
    client = WebClient("localhost", master.port)
    check_calls(client)
    check_errors(client)
    check_batch(client)
    check_notification(client)
    check_trace(client)
    check_curl(master.port)
    equal(get(master.port, "/healthz"), (200, "ok\n"))
    client.close()
    equal(node.end(), 0)
    equal(master.end(), 0)
    check_no_node()


main()
