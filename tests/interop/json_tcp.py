"""JSON-RPC over TCP: a Python client against our master and node, and rejected input."""

import json
import sys

from client import RpcError, TcpClient
from programs import Program, equal, raises, wait_for_nodes

peer = sys.argv[1]


def check_first_version(port):
    client = TcpClient("localhost", port, "1.0")
    client.send('{"method":"Arith.Sum","params":[[2,4,6]],"id":7}')
    equal(client.receive(), '{"id":7,"result":12,"error":null}')
    client.send('{"method":"Arith.Note","params":["x"],"id":"an id"}')
    equal(client.receive(), '{"id":"an id","result":true,"error":null}')
    equal(str(raises(RpcError, lambda: client.call("Arith.Fail", 1))), "it fails on purpose")
    equal(str(raises(RpcError, lambda: client.call("Arith.Missing", 1))), "rpc: can't find method Arith.Missing")
    client.close()


def check_second_version(port):
    client = TcpClient("localhost", port)
    started = [client.start("Arith.sum", list(range(count))) for count in range(500)]
    for count, call_id in reversed(list(enumerate(started))):
        equal(client.finish(call_id), count * (count - 1) // 2)
    client.send('[{"jsonrpc":"2.0","method":"Arith.sum","params":[[1,2]],"id":1},'
                '{"jsonrpc":"2.0","method":"Arith.sum","params":[[3]]},'
                '{"jsonrpc":"2.0","method":"Arith.sum","params":[[4]],"id":2}]')
    equal([answer["result"] for answer in json.loads(client.receive())], [3, 4])
    unknown = raises(RpcError, lambda: client.call("Arith.missing", 1))
    equal(unknown.code, -32601)
    client.send("[1")
    client.send("}")
    equal(json.loads(client.receive())["error"]["code"], -32700)
    equal(client.receive(), "")
    client.close()


def check_secret():
    master = Program(peer, "master", "--secret", "a long enough secret of the cluster")
    client = TcpClient("localhost", master.port)
    refused = raises(RpcError, lambda: client.call("Arith.sum", [1]))
    equal((str(refused), refused.code), ("the cluster has a secret: use POST /rpc with its bearer token", -32011))
    equal(client.receive(), "")
    client.close()
    equal(master.end(), 0)


def main():
    master = Program(peer, "master")
    node = Program(peer, "node", f"localhost:{master.port}")
    wait_for_nodes(master.port, 1)
    check_first_version(master.port)
    check_second_version(master.port)
    equal(node.end(), 0)
    equal(master.end(), 0)
    check_secret()


main()
