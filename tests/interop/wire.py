"""A master and its nodes with a peer that knows only docs/PROTOCOL.md: each case tests one passage of it."""

import http.client
import json
import socket
import struct
import sys

import cbor
from dist1 import CBOR, JSON, Caller, Fault, Flag, Kind, Node, Refused, Session, make_hello, method, prefix_of, shake_hands
from programs import Program, equal, get, raises, status, wait_for_nodes, wait_until

peer = sys.argv[1]
SECRET = "sixteen bytes or more"


def sum_node(port, name="py", secret=b"", **members):
    served = {"Arith.sum": lambda node, request, arguments: sum(arguments[0]),
              "Py.echo": lambda node, request, arguments: arguments[0],
              "Py.in_json": lambda node, request, arguments: node.reply(request, 7, JSON),
              "Py.in_cbor": lambda node, request, arguments: node.reply(request, 7, CBOR),
              "Py.twice": answer_twice,
              "Py.never": lambda node, request, arguments: None,
              "Py.fail": lambda node, request, arguments: node.fault(request, "method_failed", arguments[0])}
    methods = [method(one, "any", "any") for one in served if one != "Arith.sum"]
    methods.append(method("Arith.sum", "tuple<list<int64>>", "int64"))
    return Node(port, name, served, secret, **{"methods": methods, "slots": 2, **members})


def answer_twice(node, request, arguments):
    for value in (1, 2):
        node.reply(request, value)
    node.fault(request, "method_failed", "late")


def post(port, name, *params):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", "/rpc", json.dumps({"jsonrpc": "2.0", "id": 1, "method": name, "params": params}))
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer.get("result", answer.get("error"))


# Section 5: options. Each may be absent; an invalid one is a fault of that call.

def check_options(master):
    caller = Caller(master.port)
    for options in ({}, {"node_wait_us": 200000}, {"retries": 5}, {"needs": []}, {"needs": None}, {"needs": ["node=py"]},
                    {"kill_after_us": 1}, {"traceparent": "nonsense"}, {"retries": None}, {"of_tomorrow": [1, {"a": 2}]}):
        equal(caller.call("Arith.sum", [1, 2], options=options), 3)
    wrong = [{"retries": -1}, {"retries": 1 << 40}, {"retries": "3"}, {"retries": 1.5}, {"needs": "gpu"}, {"needs": [1]},
             {"needs": {"gpu": "1"}}, {"node_wait_us": -1}, {"node_wait_us": []}, {"kill_after_us": "1 s"},
             {"traceparent": 7}, b"\xff", b"\xa1", b"\x80", b"\xa2\x67retries\x01\x67retries\x02", b"", bytes(4097)]
    for options in wrong:
        fault = raises(Fault, lambda: caller.call("Arith.sum", [1], options=options))
        equal((fault.code, fault.known, fault.may), ("bad_arguments", "not_started", "never"))
    fault = raises(Fault, lambda: caller.call("Arith.sum", [1], options={"needs": ["gpu"], "node_wait_us": 1000}))
    equal(fault.code, "no_node")
    equal(caller.call("Arith.sum", [1, 2]), 3)
    caller.close()


def check_prefixes(master):
    caller = Caller(master.port)
    broken = [(Flag.NAMED, b""), (Flag.NAMED, b"\x00" * 8), (Flag.NAMED, b"\x20Arith.sum"),
              (Flag.NAMED | Flag.NESTED, b"\x01\x00\x00\x00"), (Flag.NAMED | Flag.OPTIONS, b"\x01A" + bytes(6) + b"\x05"),
              prefix_of("Arith.sum", None, parent=(1, 1))]
    for number, (flags, payload) in enumerate(broken, 1000):
        caller.send(Kind.REQUEST, payload, flags, id=(number, 1))
        frame = caller.frame_for((number, 1))
        equal((frame.kind, cbor.decode(frame.payload)["code"]), (Kind.FAULT, "bad_arguments"))
    equal(caller.call("Arith.sum", [1, 2]), 3)
    caller.close()


# Section 3: a reply is written in the codec of its request.

def check_codecs(master):
    caller = Caller(master.port)
    for codec in (CBOR, JSON):
        for name, arguments in (("Arith.sum", [[1, 2]]), ("dist.list_nodes", ["Arith.sum", []]),
                                ("dist.wait_for_nodes", [1])):
            frame = caller.frame_for(caller.start(name, arguments, codec))
            equal((name, frame.kind, frame.codec), (name, Kind.REPLY, codec))
    equal([one["name"] for one in caller.call("dist.list_nodes", "Arith.sum", [], codec=JSON)], ["py"])
    # A node that replies in the other codec spoils only that call.
    for name, codec in (("Py.in_json", CBOR), ("Py.in_cbor", JSON)):
        fault = raises(Fault, lambda: caller.call(name, codec=codec))
        equal((fault.code, fault.known), ("bad_result", "executed"))
    equal((caller.call("Py.in_json", codec=JSON), caller.call("Py.in_cbor", codec=CBOR)), (7, 7))
    equal(post(master.port, "Py.in_cbor")["data"]["code"], "bad_result")
    caller.close()


# Sections 3 and 12: ignored parts.

def check_ignored(master):
    caller = Caller(master.port)
    fault = {"code": "cancelled", "message": "", "node": "", "phase": "", "cause": "", "known": "unknown", "may": "never"}
    caller.send(Kind.REPLY, cbor.encode(1), id=(77, 1))
    caller.send(Kind.FAULT, cbor.encode(fault), id=(77, 1))
    caller.send(Kind.FAULT, b"nonsense", id=(77, 1))
    caller.send(Kind.CANCEL, id=(77, 1))
    caller.send(Kind.DRAIN)
    equal(caller.call("Arith.sum", [1, 2]), 3)
    caller.send(Kind.DRAIN)
    equal(caller.call("Py.twice"), 1)
    equal(caller.call("Py.twice"), 1)
    # A caller's beat is returned unchanged.
    caller.send(Kind.BEAT, id=(5, 0))
    equal(caller.receive()[:6], (Kind.BEAT, 0, 0, 0, 0, (5, 0)))
    equal(caller.call("Py.echo", "unknown flags are ignored"), "unknown flags are ignored")
    caller.send(Kind.GOODBYE, b"enough")
    equal(caller.ends(), None)
    caller.close()


# Section 2: the port of a registration.

def check_ports(master):
    for query in ("?port=0", "", "?port=", "?port=x", "?port=70000"):
        session = Session(master.port, query)
        shake_hands(session, "caller")
        session.close()
        equal(raises(Refused, lambda: Session(master.port, "?port=0" if query == "" else query, "")).what, 400)
    equal(raises(Refused, lambda: Session(master.port, "", "")).what, 400)
    equal(raises(Refused, lambda: Session(master.port, headers="Connection: Upgrade\r\nUpgrade: dist/2\r\n")).what, 400)


# Section 4: a rejected hello is answered by a fault with call id 0.

def refused_hello(master, payload, kind=Kind.HELLO, **header):
    session = Session(master.port)
    session.expect(Kind.CHALLENGE)
    session.send(kind, payload, **header)
    last = session.ends()
    session.close()
    assert last is not None and last.kind == Kind.FAULT and last.id == (0, 0), last
    return cbor.decode(last.payload)


def check_hellos(master):
    hello = make_hello({}, "caller")
    without = {key: value for key, value in hello.items() if key != "slots"}
    rows = [(b"", "protocol_error"), (b"\xff" * 40, "protocol_error"), (cbor.encode([hello]), "protocol_error"),
            (cbor.encode(without), "protocol_error"), (cbor.encode({**hello, "role": "boss"}), "protocol_error"),
            (cbor.encode({**hello, "slots": -1}), "protocol_error"), (cbor.encode(hello) + b"\x00", "protocol_error"),
            (cbor.encode({**hello, "nonce": bytes(31)}), "protocol_error"),
            (cbor.encode({**hello, "name": 7}), "protocol_error"), (cbor.encode(hello)[:-5], "protocol_error")]
    for number, (payload, code) in enumerate(rows):
        fault = refused_hello(master, payload)
        equal((number, fault["code"], bool(fault["message"])), (number, code, True))
    equal(refused_hello(master, cbor.encode(hello), Kind.WELCOME)["code"], "protocol_error")
    equal(refused_hello(master, b"", length=(4 << 20) + 1)["code"], "limit_exceeded")
    equal(refused_hello(master, b"", magic=b"HT")["code"], "protocol_error")
    equal(refused_hello(master, b"", version=2)["code"], "protocol_error")
    master.says(r"warning: .* was rejected: .*slots")
    master.says(r"warning: .* was rejected: .*version 2")


def check_names(master):
    """One limit for all roles, in bytes."""
    for role, more in (("caller", {}), ("node", {"methods": [method("M.m", "any", "any")]})):
        longest = "n" * 253 + "é"
        session = Session(master.port)
        equal(shake_hands(session, role, name=longest, **more)["name"], longest)
        session.send(Kind.GOODBYE)
        session.ends()
        session.close()
        fault = raises(Refused, lambda: shake_hands(Session(master.port), role, name=longest + "n", **more)).what
        equal(fault["code"], "limit_exceeded")
        assert "256 bytes" in fault["message"] and "255" in fault["message"], fault
    wrong = raises(Refused, lambda: shake_hands(Session(master.port), "node", name="long",
                                                methods=[method("m" * 256, "any", "any")])).what
    equal(wrong["code"], "limit_exceeded")


# Section 3: a peer that breaks the protocol is told why by a goodbye.

def check_breaches(master):
    request = prefix_of("Py.echo")[1] + cbor.encode([1])
    waiting = prefix_of("Arith.sum", {"needs": ["nothing=here"]})
    breaches = [("D1 57", {"kind": Kind.BEAT, "magic": b"GE"}), ("version 2", {"kind": Kind.BEAT, "version": 2}),
                ("kind 0", {"kind": 0}), ("kind 11", {"kind": 11}), ("codec 2", {"kind": Kind.REQUEST, "codec": 2}),
                ("frame_bytes", {"kind": Kind.REQUEST, "payload": request, "length": 0xFFFFFFFF}),
                ("handshake", {"kind": Kind.HELLO}), ("handshake", {"kind": Kind.CHALLENGE}),
                ("handshake", {"kind": Kind.WELCOME})]
    for role in ("caller", "node"):
        for words, frame in breaches:
            session = Session(master.port)
            shake_hands(session, role, name=f"bad {role}", name_is_default=True)
            session.send(**frame)
            last = session.ends()
            session.close()
            assert last is not None and last.kind == Kind.GOODBYE and words in last.payload.decode(), (role, words, last)
    caller = Caller(master.port)
    for _ in range(2):
        caller.send(Kind.REQUEST, waiting[1] + cbor.encode([[1]]), waiting[0], id=(9, 1))
    last = caller.ends()
    caller.close()
    assert last.kind == Kind.GOODBYE and "in use" in last.payload.decode(), last
    master.says(r"warning: the connection of 127\.0\.0\.1:\d+ was closed: .*version 2")
    master.says(r"warning: node bad node(#\d+)? left: its connection was closed: .*kind 11")
    equal(post(master.port, "Arith.sum", [1, 2]), 3)


# Section 2: clients that leave before the reply.

def check_leaving(master, node):
    """A client that ends its half waits; one that resets its connection cancels its call."""
    body = b'{"jsonrpc":"2.0","id":1,"method":"Py.never","params":[]}'
    for said in (body, b"POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body) + body):
        for half_closes in (True, False):
            node.cancelled.clear()
            client = socket.create_connection(("127.0.0.1", master.port))
            client.sendall(said)
            if half_closes:
                client.shutdown(socket.SHUT_WR)
            wait_until("the call", lambda: status(master.port)["in_use"] == 1)
            equal(node.cancelled, [])
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()
            wait_until("its cancel", lambda: node.cancelled)
            node.send(Kind.REPLY, cbor.encode(None), id=node.cancelled[0])
            wait_until("its slot", lambda: status(master.port)["in_use"] == 0)


# Sections 4, 5 and 12: a node of another implementation.

def check_node(master, node):
    equal(post(master.port, "Arith.sum", [1, 2, 3]), 6)
    equal(post(master.port, "Py.echo", {"a": [1, None, "é"]}), {"a": [1, None, "é"]})
    equal(post(master.port, "Py.fail", "on purpose")["data"]["node"], "py")
    equal(master.ask("sum 2 4 6"), "12")
    equal(master.tell("note") or get(master.port, "/healthz"), (200, "ok\n"))
    connection = http.client.HTTPConnection("127.0.0.1", master.port, timeout=30)
    connection.request("POST", "/drain?node=py")
    equal(connection.getresponse().status, 200)
    connection.close()
    node.thread.join(30)
    equal(node.thread.is_alive(), False)
    wait_for_nodes(master.port, 0)
    master.says("node py left: it left: drained")


def check_secret():
    master = Program(peer, "master", "--secret", SECRET)
    node = sum_node(master.port, secret=SECRET.encode())
    caller = Caller(master.port, SECRET.encode())
    equal(caller.call("Arith.sum", [1, 2]), 3)
    for wrong in (b"", b"another secret of that length"):
        session = Session(master.port)
        equal(raises(Refused, lambda: shake_hands(session, "caller", wrong)).what["code"], "denied")
        session.close()
    # A proof is valid for one role.
    session = Session(master.port)
    challenge = cbor.decode(session.expect(Kind.CHALLENGE))
    equal(challenge["proof_wanted"], True)
    session.send(Kind.HELLO, cbor.encode({**make_hello(challenge, "caller", SECRET.encode()), "role": "node", "name": "x"}))
    equal(cbor.decode(session.ends().payload)["code"], "denied")
    for one in (session, caller, node):
        one.close()
    equal(master.end(), 0)


def main():
    master = Program(peer, "master")
    node = sum_node(master.port)
    wait_for_nodes(master.port, 1)
    for check in (check_options, check_prefixes, check_codecs, check_ignored, check_ports, check_hellos, check_names,
                  check_breaches):
        check(master)
        print(check.__name__, "ok", flush=True)
    check_leaving(master, node)
    check_node(master, node)
    # None of this made the master lose the other peers.
    equal(master.end(), 0)
    check_secret()


main()
