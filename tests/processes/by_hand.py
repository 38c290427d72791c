"""A dist/1 peer written by hand from docs/PROTOCOL.md, able to send what no conforming peer would."""

import hashlib
import hmac
import struct

from support import expect

UPGRADE = b"GET /register-node?port=0 HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: dist/1\r\n\r\n"
HELLO, REQUEST, FAULT = 2, 4, 6


def header(kind, length, flags=0, codec=0, number=0):
    return struct.pack("<2sBBBBHIIII", b"\xd1\x57", 1, kind, flags, codec, 0, length, 0, number, 1)


def text(value):
    return bytes([0x60 + len(value)]) + value.encode()


def hello(role="caller", name="stranger", labels=b"\xa0", nonce=bytes(32), proof=bytes(32)):
    """A hello of a peer without methods (section 4)."""
    members = [("role", text(role)), ("name", text(name)), ("name_is_default", b"\xf4"), ("slots", b"\x01"),
               ("incarnation", b"\x07"), ("build", text("")), ("labels", labels), ("methods", b"\x80"),
               ("nonce", b"\x58\x20" + nonce), ("proof", b"\x58\x20" + proof)]
    payload = bytes([0xA0 + len(members)]) + b"".join(text(name) + value for name, value in members)
    return header(HELLO, len(payload)) + payload


def prove(secret, role, challenge, nonce):
    """The proof of a joiner that does not bind it to the connection (section 4)."""
    at = challenge.index(b"nonce\x58\x20") + 7
    said = b"dist/1 " + role.encode() + b"\0" + challenge[at:at + 32] + nonce
    return hmac.new(secret.encode(), said, hashlib.sha256).digest()


def read_exactly(peer, count):
    peer.settimeout(30)
    got = b""
    while len(got) < count:
        more = peer.recv(count - len(got))
        expect(more, "the master closed: %r" % got)
        got += more
    return got


def read_frame(peer):
    """Returns its kind and payload."""
    head = read_exactly(peer, 24)
    return head[3], read_exactly(peer, struct.unpack_from("<I", head, 8)[0])


def frames_over(peer):
    """Requests the upgrade to dist/1, reads the 101 and the challenge, and returns the challenge."""
    peer.sendall(UPGRADE)
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += read_exactly(peer, 1)
    expect(b" 101 " in head, repr(head))
    return read_frame(peer)[1]
