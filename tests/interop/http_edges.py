"""HTTP/1.0 and 1.1 at their edges (RFC 9110, RFC 9112), byte by byte on raw sockets, and the answers' statuses in order.

A row that keeps its connection is followed by a request that closes it; one that does not, by the end of what the client
sends. So every conversation ends by itself, and nothing here waits for a time."""

import json
import re
import socket
import sys

from programs import Program, equal, wait_for_nodes

peer = sys.argv[1]
HOST = b"Host: localhost\r\n"
CALL = b'{"jsonrpc":"2.0","method":"Arith.sum","params":[[2,4,6]],"id":1}'
ANSWER = b'{"jsonrpc":"2.0","result":12,"id":1}'
LAST = b"GET /healthz HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"


class Answer:
    def __init__(self, head, body):
        self.status = int(head.split()[1])
        self.head, self.body = head, body

    def field(self, name):
        found = re.search(rb"(?im)^%s: *([^\r\n]*)" % name.encode(), self.head)
        return found and found.group(1).decode()


def answers_in(heard, bodyless=()):
    """The responses in the bytes received; those whose numbers are in `bodyless` answer HEAD."""
    answers = []
    while heard:
        head, end, rest = heard.partition(b"\r\n\r\n")
        assert end and head.startswith(b"HTTP/1.1 "), heard[:200]
        answer = Answer(head, b"")
        length = int(answer.field("Content-Length") or 0)
        if len(answers) not in bodyless:
            assert len(rest) >= length, heard
            answer.body, rest = rest[:length], rest[length:]
        answers.append(answer)
        heard = rest
    return answers


def converse(port, said, half_closes=True):
    """Everything received until the master closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        try:
            connection.sendall(said)
            if half_closes:
                connection.shutdown(socket.SHUT_WR)
        except ConnectionError:
            pass  # it was rejected before everything was sent
        heard = b""
        try:
            while more := connection.recv(65536):
                heard += more
        except ConnectionResetError:
            pass
        return heard


def get(path="/healthz", more=b"", version=b"1.1", method=b"GET"):
    return b"%s %s HTTP/%s\r\n%s%s\r\n" % (method, path.encode(), version, HOST, more)


def post(body, more=None, version=b"1.1"):
    length = b"Content-Length: %d\r\n" % len(body) if more is None else more
    return b"POST /rpc HTTP/%s\r\n%s%s\r\n%s" % (version, HOST, length, body)


def chunks(*parts, end=b"0\r\n\r\n"):
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + end


CHUNKED = b"Transfer-Encoding: chunked\r\n"

# Requests that keep the connection: (what, request, its status).
GOOD = [
    ("a request", get(), 200),
    ("empty lines before a request", b"\r\n\r\n" + get(), 200),
    ("the absolute form", get("http://localhost/healthz"), 200),
    ("the absolute form in capitals", get("HTTP://localhost/healthz"), 200),
    ("the absolute form of another host", get("http://evil.example/healthz"), 403),
    ("a folded header", get(more=b"X: a\r\n b\r\n"), 200),
    ("an upgrade to HTTP/2 that need not be followed",
     get(more=b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"), 200),
    ("an upgrade without Connection", get(more=b"Upgrade: dist/1\r\n"), 200),
    ("an escaped path", get("/%68ealthz"), 200),
    ("nothing there", get("/nothing"), 404),
    ("dots are not followed", get("/../healthz"), 404),
    ("a zero byte in the path", get("/healthz%00"), 404),
    ("a host that is not this one", b"GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403),
    ("a body", post(CALL), 200),
    ("a body of nothing", post(b""), 200),
    ("a length twice", post(CALL, b"Content-Length: %d\r\n" % len(CALL) * 2), 200),
    ("a body in chunks", post(chunks(CALL), CHUNKED), 200),
    ("a body in small chunks", post(chunks(*(CALL[i:i + 1] for i in range(len(CALL)))), CHUNKED), 200),
    ("chunk extensions", post(b"%X;a=b;c=\"d\"\r\n%s\r\n0;e\r\n\r\n" % (len(CALL), CALL), CHUNKED), 200),
    ("a trailer", post(chunks(CALL, end=b"0\r\nAuthorization: Bearer x\r\n\r\n"), CHUNKED), 200),
    ("the coding in capitals", post(chunks(CALL), b"transfer-encoding: CHUNKED\r\n"), 200),
    ("the method of another resource", get("/rpc"), 405),
    ("an unknown method", get(method=b"BREW"), 405),
    ("OPTIONS", get("/rpc", method=b"OPTIONS"), 405),
    ("DELETE", get("/", method=b"DELETE"), 405),
    ("HEAD of a registration", get("/register-node?port=1", method=b"HEAD"), 405),
    ("HTTP/1.0 with keep-alive", b"GET /healthz HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", 200),
]

# Requests that end the connection.
BAD = [
    ("HTTP/1.0", b"GET /healthz HTTP/1.0\r\n\r\n", 200),
    ("close", get(more=b"Connection: close\r\n"), 200),
    ("close among others", get(more=b"Connection: foo, Close\r\n"), 200),
    ("no host", b"GET /healthz HTTP/1.1\r\n\r\n", 400),
    ("two hosts", get(more=HOST), 400),
    ("a host with a space", b"GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
    ("lines that end in LF", b"GET /healthz HTTP/1.1\nHost: localhost\n\n", 400),
    ("one line that ends in LF", b"GET /healthz HTTP/1.1\r\nHost: localhost\n\r\n", 400),
    ("a CR within a line", get(more=b"X: a\rY: b\r\n"), 400),
    ("a zero byte in a header", get(more=b"X: a\0b\r\n"), 400),
    ("a space before the colon", get(more=b"X : a\r\n"), 400),
    ("a first header that is folded", b"GET /healthz HTTP/1.1\r\n Host: localhost\r\n\r\n", 400),
    ("a header without a colon", get(more=b"nothing\r\n"), 400),
    ("a header without a name", get(more=b": a\r\n"), 400),
    ("two spaces", b"GET  /healthz HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    ("tabs for spaces", b"GET\t/healthz\tHTTP/1.1\r\n" + HOST + b"\r\n", 400),
    ("no version", b"GET /healthz\r\n" + HOST + b"\r\n", 400),
    ("a broken escape", get("/%zz"), 400),
    ("HTTP/2.0", get(version=b"2.0"), 505),
    ("HTTP/1.2", get(version=b"1.2"), 505),
    ("a long target", get("/" + "x" * 20000), 414),
    ("a long header", get(more=b"X: " + b"x" * 20000 + b"\r\n"), 431),
    ("many headers", get(more=b"X: x\r\n" * 5000), 431),
    ("a body over the limit", post(b"", b"Content-Length: 99999999999\r\n"), 413),
    ("a chunk over the limit", post(b"fffffffff\r\n", CHUNKED), 413),
    ("a length beyond 64 bits", post(b"", b"Content-Length: 99999999999999999999999\r\n"), 400),
    ("two lengths", post(CALL, b"Content-Length: 2\r\nContent-Length: 3\r\n"), 400),
    ("a length with a sign", post(CALL, b"Content-Length: +64\r\n"), 400),
    ("a negative length", post(CALL, b"Content-Length: -1\r\n"), 400),
    ("a length in hexadecimal", post(CALL, b"Content-Length: 0x40\r\n"), 400),
    ("an empty length", post(CALL, b"Content-Length: \r\n"), 400),
    ("a length and a coding", post(chunks(CALL), b"Content-Length: 5\r\n" + CHUNKED), 400),
    ("a coding and a length", post(chunks(CALL), CHUNKED + b"Content-Length: 5\r\n"), 400),
    ("a coding twice", post(chunks(CALL), CHUNKED * 2), 400),
    ("another coding", post(chunks(CALL), b"Transfer-Encoding: gzip, chunked\r\n"), 501),
    ("a coding that only looks like it", post(chunks(CALL), b"Transfer-Encoding: xchunked\r\n"), 501),
    ("a coding in HTTP/1.0", post(chunks(CALL), CHUNKED, b"1.0"), 400),
    ("a chunk without a size", post(b"zz\r\n{}\r\n0\r\n\r\n", CHUNKED), 400),
    ("a chunk of a negative size", post(b"-2\r\n{}\r\n0\r\n\r\n", CHUNKED), 400),
    ("a chunk's size with 0x", post(b"0x2\r\n{}\r\n0\r\n\r\n", CHUNKED), 400),
    ("a chunk beyond 64 bits", post(b"fffffffffffffffff\r\n{}\r\n0\r\n\r\n", CHUNKED), 400),
    ("a chunk longer than its size", post(b"2\r\n{}XX0\r\n\r\n", CHUNKED), 400),
    ("chunks whose lines end in LF", post(b"2\n{}\n0\n\n", CHUNKED), 400),
    ("half a head", b"GET /healthz HT", 400),
    ("half a body", post(CALL[:10], b"Content-Length: %d\r\n" % len(CALL)), 400),
    ("half a chunk", post(b"40\r\n" + CALL[:10], CHUNKED), 400),
    ("an unexpected body", b"POST /nothing HTTP/1.1\r\n" + HOST + b"Content-Length: 9\r\n\r\n1234", 404),
]


def check_tables(port):
    for what, request, status in GOOD:
        head = request.startswith(b"HEAD")
        answers = answers_in(converse(port, request + LAST, half_closes=False), {0} if head else ())
        equal((what, [one.status for one in answers]), (what, [status, 200]))
        if status == 405:
            assert answers[0].field("Allow"), what
        if request.startswith(b"POST") and CALL[:9] in request.replace(b"\r\n", b""):
            equal((what, answers[0].body), (what, ANSWER))
    for what, request, status in BAD:
        answers = answers_in(converse(port, request))
        equal((what, [one.status for one in answers]), (what, [status]))
        equal((what, answers[0].field("Connection")), (what, "close"))
        assert status == 200 or answers[0].body, what
    print(len(GOOD) + len(BAD), "rows")


def check_head(port):
    requests = get(method=b"HEAD") + get("/status", method=b"HEAD") + get(method=b"HEAD") + LAST
    answers = answers_in(converse(port, requests, half_closes=False), {0, 1, 2})
    equal([one.status for one in answers], [200] * 4)
    equal(answers[0].field("Content-Length"), "3")


def check_pipelining(port):
    calls = [json.dumps({"jsonrpc": "2.0", "method": "Arith.sum", "params": [[i]], "id": i}).encode() for i in range(300)]
    answers = answers_in(converse(port, b"".join(map(post, calls)) + LAST, half_closes=False))
    equal([json.loads(one.body)["result"] for one in answers[:-1]], list(range(300)))
    # Byte by byte the responses are the same.
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in get() + post(chunks(CALL), CHUNKED) + LAST:
            connection.sendall(bytes([byte]))
        heard = b""
        while more := connection.recv(65536):
            heard += more
    equal([one.body for one in answers_in(heard)], [b"ok\n", ANSWER, b"ok\n"])


def check_expect(port):
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        head = b"Expect: 100-continue\r\nContent-Length: %d\r\n" % len(CALL)
        connection.sendall(post(b"", head))
        heard = connection.recv(65536)
        equal(heard, b"HTTP/1.1 100 Continue\r\n\r\n")
        connection.sendall(CALL + LAST)
        heard = b""
        while more := connection.recv(65536):
            heard += more
        equal([one.status for one in answers_in(heard)], [200, 200])
    # A client that does not wait gets no 100, and neither does HTTP/1.0.
    equal([one.status for one in answers_in(converse(port, post(CALL, head) + LAST, False))], [200, 200])
    equal([one.status for one in answers_in(converse(port, post(CALL, head, b"1.0")))], [200])
    # The body of a rejected request is not requested.
    refused = b"POST /nothing HTTP/1.1\r\n" + HOST + head + b"\r\n"
    equal([one.status for one in answers_in(converse(port, refused))], [404])


def check_http10(port):
    kept = b"GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    answers = answers_in(converse(port, kept * 2 + b"GET /healthz HTTP/1.0\r\n\r\n", half_closes=False))
    equal([one.field("Connection") for one in answers], ["keep-alive", "keep-alive", "close"])
    # HTTP/1.0 has no upgrade: this counts as a Go node without a port.
    upgrade = b"GET /register-node?port=0 HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: dist/1\r\n\r\n"
    equal([one.status for one in answers_in(converse(port, upgrade))], [400])


def check_half_close(master):
    """A peer that shuts down its sending side is answered, then closed, and the master keeps no socket."""
    port = master.port
    with_id = b'{"jsonrpc":"2.0","method":"Arith.sum","params":[[%d]],"id":%d}'
    three = [with_id % (i, i) for i in range(3)]
    for _ in range(5):
        equal(answers_in(converse(port, post(CALL)))[0].body, ANSWER)
        equal([one.body for one in answers_in(converse(port, get()))], [b"ok\n"])
        equal(answers_in(converse(port, get("/status")))[0].status, 200)
        equal([one.status for one in answers_in(converse(port, get() + post(CALL) + get("/metrics")))], [200] * 3)
        equal(converse(port, CALL), ANSWER + b"\n")
        equal(converse(port, b'{"method":"Arith.Sum","params":[[2,4,6]],"id":7}\n'), b'{"id":7,"result":12,"error":null}\n')
        equal(sorted(json.loads(line)["result"] for line in converse(port, b"\n".join(three)).splitlines()), [0, 1, 2])
        equal([one["result"] for one in json.loads(converse(port, b"[" + b",".join(three) + b"]"))], [0, 1, 2])
        # Notifications get no response.
        equal(converse(port, b'{"jsonrpc":"2.0","method":"Arith.sum","params":[[1]]}'), b"")
    waiting = [line.split() for line in open("/proc/net/tcp") if f":{port:04X} " in line]
    equal([line for line in waiting if line[3] == "08" and line[1].endswith(f":{port:04X}")], [])  # CLOSE_WAIT


def check_others(port):
    for said in (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"SSH-2.0-x\r\n", b"get / HTTP/1.1\r\n\r\n", b"\x80\x01\x00"):
        equal((said, converse(port, said)), (said, b""))


def main():
    master = Program(peer, "master")
    node = Program(peer, "node", f"localhost:{master.port}")
    wait_for_nodes(master.port, 1)
    for check in (check_tables, check_head, check_pipelining, check_expect, check_http10, check_others):
        check(master.port)
    check_half_close(master)
    equal(node.end(), 0)
    equal(master.end(), 0)


main()
