"""A dist/1 peer in plain Python, written from docs/PROTOCOL.md: a caller, a node, and a bare session that can send
anything."""

import collections
import enum
import hashlib
import hmac
import json
import os
import socket
import struct
import threading

import cbor

PATIENCE = 30  # seconds, limit of every wait for the other end
_HEADER = struct.Struct("<2sBBBBHIIII")
_MAGIC = b"\xd1\x57"
CBOR, JSON = 0, 1


class Kind(enum.IntEnum):
    CHALLENGE, HELLO, WELCOME, REQUEST, REPLY, FAULT, CANCEL, BEAT, DRAIN, GOODBYE = range(1, 11)


class Flag(enum.IntFlag):
    NESTED, NAMED, GO_SPELLING, ONCE, BY_METHOD, OPTIONS, BLOCKS, AGAIN = (1 << bit for bit in range(8))


Frame = collections.namedtuple("Frame", "kind flags codec method deadline id payload")


class Refused(Exception):
    """The master rejected us: a fault in the handshake, or an HTTP status other than 101."""

    def __init__(self, what):
        super().__init__(str(what))
        self.what = what


class Fault(Exception):
    def __init__(self, members):
        super().__init__(members["message"])
        self.code, self.known, self.may = members["code"], members["known"], members["may"]


def pad(data):
    """Pads with zeros to a multiple of 8."""
    return data + bytes(-len(data) % 8)


def prefix_of(name=None, options=None, parent=None):
    """The flags of a request and its prefix; `options` given as bytes are used as CBOR unchanged."""
    flags, data = Flag(0), b""
    if parent is not None:
        flags, data = flags | Flag.NESTED, data + struct.pack("<II", *parent)
    if name is not None:
        flags, data = flags | Flag.NAMED, data + pad(bytes([len(name)]) + name.encode())
    if options is not None:
        written = options if isinstance(options, bytes) else cbor.encode(options)
        flags, data = flags | Flag.OPTIONS, data + pad(struct.pack("<H", len(written)) + written)
    return flags, data


class Session:
    """A connection after the 101: frames are sent as given and received one by one."""

    def __init__(self, port, query="?port=0", headers="Connection: Upgrade\r\nUpgrade: dist/1\r\n"):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.inbox = self.socket.makefile("rb")
        self.sending = threading.Lock()
        self.write(f"GET /register-node{query} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n".encode())
        self.status = int((self.inbox.readline() or b"- 0").split()[1])
        length = 0
        while (line := self.inbox.readline().strip().lower()):
            if line.startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        if self.status != 101:
            self.close()
            raise Refused(self.status)

    def write(self, data):
        with self.sending:
            self.socket.sendall(data)

    def send(self, kind, payload=b"", flags=0, codec=CBOR, method=0, deadline=0, id=(0, 0), magic=_MAGIC, version=1,
             length=None):
        self.write(_HEADER.pack(magic, version, kind, flags, codec, method, len(payload) if length is None else length,
                                deadline, *id) + payload)

    def receive(self):
        """The next frame; None at the end of the stream."""
        head = self.inbox.read(_HEADER.size)
        if len(head) < _HEADER.size:
            return None
        magic, version, kind, flags, codec, method, length, deadline, index, generation = _HEADER.unpack(head)
        assert (magic, version) == (_MAGIC, 1), head
        return Frame(Kind(kind), Flag(flags), codec, method, deadline, (index, generation), self.inbox.read(length))

    def expect(self, kind):
        """The payload of the next frame, which must be of this kind."""
        frame = self.receive()
        assert frame is not None, f"the connection ended where {kind!r} was to come"
        if frame.kind == Kind.FAULT and kind != Kind.FAULT:
            raise Refused(cbor.decode(frame.payload))
        assert frame.kind == kind, frame
        return frame.payload

    def ends(self):
        """Waits for the end of the session and returns its last frame or None. A peer that is told why it ends
        closes at once."""
        last = None
        try:
            while (frame := self.receive()) is not None:
                last = frame
                if frame.kind == Kind.GOODBYE or frame.kind == Kind.FAULT and frame.id == (0, 0):
                    self.hang_up()
        except ConnectionError:
            pass
        return last

    def hang_up(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the other end was faster

    def close(self):
        self.hang_up()
        self.inbox.close()
        self.socket.close()


def _prove(secret, role, first, second):
    return hmac.new(secret, b"dist/1 " + role.encode() + b"\0" + first + second, hashlib.sha256).digest()


def make_hello(challenge, role, secret=b"", **members):
    """The hello of a joiner; `members` replace or extend the usual ones."""
    nonce = os.urandom(32)
    hello = {"role": role, "name": "", "name_is_default": False, "slots": 1,
             "incarnation": int.from_bytes(os.urandom(8), "big"), "build": "", "labels": {}, "methods": [],
             "nonce": nonce, "proof": bytes(32)}
    if secret:
        hello["proof"] = _prove(secret, role, challenge["nonce"], nonce)
    hello.update(members)
    return hello


def shake_hands(session, role, secret=b"", **members):
    """Introduces itself and returns the welcome."""
    challenge = cbor.decode(session.expect(Kind.CHALLENGE))
    hello = make_hello(challenge, role, secret, **members)
    session.send(Kind.HELLO, cbor.encode(hello))
    welcome = cbor.decode(session.expect(Kind.WELCOME))
    if secret and not hmac.compare_digest(welcome["proof"], _prove(secret, "master", hello["nonce"], challenge["nonce"])):
        raise Refused("the master does not know the secret")
    return welcome


class Caller(Session):
    """Makes calls, one after the other unless `start` and `finish` are used."""

    def __init__(self, port, secret=b"", **members):
        super().__init__(port)
        self.welcome = shake_hands(self, "caller", secret, **{"name": "python", **members})
        self.last_index = 0
        self.answers = {}

    def start(self, name, arguments, codec=CBOR, options=None, **header):
        self.last_index += 1
        id = (self.last_index, 1)
        flags, prefix = prefix_of(name, options)
        body = json.dumps(arguments).encode() if codec == JSON else cbor.encode(arguments)
        self.send(Kind.REQUEST, prefix + body, flags, codec, id=id, **header)
        return id

    def frame_for(self, id):
        """The reply or fault of that request."""
        while id not in self.answers:
            frame = self.receive()
            assert frame is not None, "the connection ended before the answer"
            assert frame.kind in (Kind.REPLY, Kind.FAULT, Kind.BEAT), frame
            if frame.kind != Kind.BEAT:
                self.answers[frame.id] = frame
        return self.answers.pop(id)

    def finish(self, id):
        frame = self.frame_for(id)
        if frame.kind == Kind.FAULT:
            raise Fault(cbor.decode(frame.payload))
        return json.loads(frame.payload) if frame.codec == JSON else cbor.decode(frame.payload)

    def call(self, name, *arguments, **how):
        return self.finish(self.start(name, list(arguments), **how))


def method(name, arguments, result, repeatable=True):
    return {"name": name, "arguments": arguments, "result": result, "repeatable": repeatable, "brief": False}


class Node(Session):
    """Serves functions: `served` maps a method as listed in the hello to a function of (node, request, arguments)
    that returns the result, or None if it has answered itself."""

    def __init__(self, port, name, served, secret=b"", **members):
        super().__init__(port)
        self.served = served
        self.names = [one["name"] for one in members.get("methods", [])]
        self.welcome = shake_hands(self, "node", secret, name=name, **members)
        self.goodbye, self.draining = None, False
        self.cancelled = []
        self.options = []  # those of requests that had some
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def reply(self, request, value, codec=None):
        codec = request.codec if codec is None else codec
        body = json.dumps(value).encode() if codec == JSON else cbor.encode(value)
        self.send(Kind.REPLY, body, codec=codec, id=request.id)

    def fault(self, request, code, message, known="executed", may="never"):
        self.send(Kind.FAULT, cbor.encode({"code": code, "message": message, "node": "", "phase": "running", "cause": "",
                                           "known": known, "may": may}), id=request.id)

    def split(self, request):
        """The method's name and the arguments."""
        at, name = 0, None
        if request.flags & Flag.NAMED:
            name = request.payload[1:1 + request.payload[0]].decode()
            at = len(pad(request.payload[:1 + request.payload[0]]))
        if request.flags & Flag.OPTIONS:
            length = struct.unpack_from("<H", request.payload, at)[0]
            self.options.append(cbor.decode(request.payload[at + 2:at + 2 + length]))
            at += len(pad(request.payload[at:at + 2 + length]))
        body = request.payload[at:]
        return name or self.names[request.method], json.loads(body) if request.codec == JSON else cbor.decode(body)

    def close(self):
        self.hang_up()
        self.thread.join(PATIENCE)

    def serve(self):
        try:
            while (frame := self.receive()) is not None:
                if frame.kind == Kind.REQUEST:
                    name, arguments = self.split(frame)
                    value = self.served[name](self, frame, arguments)
                    if value is not None:
                        self.reply(frame, value)
                elif frame.kind == Kind.CANCEL:
                    self.cancelled.append(frame.id)
                elif frame.kind == Kind.BEAT:
                    self.send(Kind.BEAT)
                elif frame.kind == Kind.DRAIN and not self.draining:
                    self.draining = True
                    self.send(Kind.DRAIN)
                    self.send(Kind.GOODBYE, b"drained")
                elif frame.kind == Kind.GOODBYE:
                    self.goodbye = frame.payload.decode()
                    break
        except (OSError, ValueError):
            pass  # the test has closed it
        super().close()
