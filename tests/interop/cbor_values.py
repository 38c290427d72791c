"""CBOR that another implementation writes and reads (Debian's python3-cbor2): the same values, both ways."""

import math
import random
import struct
import sys

from programs import Program, equal

try:
    import cbor2
except ImportError:
    print("skipped: no python3-cbor2")
    sys.exit(77)

peer = Program(sys.argv[1])
chance = random.Random(2026)

# RFC 8746: what a typed array's tag says about its elements.
TYPED = {64: "B", 65: ">H", 66: ">I", 67: ">Q", 69: "<H", 70: "<I", 71: "<Q", 72: "b", 73: ">h", 74: ">i", 75: ">q",
         77: "<h", 78: "<i", 79: "<q", 81: ">f", 82: ">d", 85: "<f", 86: "<d"}


def plain(value):
    """Typed arrays as lists; everything else as it is."""
    if isinstance(value, cbor2.CBORTag) and value.tag in TYPED:
        kind = TYPED[value.tag]
        return [one for (one,) in struct.iter_unpack(kind, value.value)]
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {plain(key): plain(one) for key, one in value.items()}
    return value


def ask(kind, value):
    answer = peer.ask(f"{kind} {cbor2.dumps(value).hex()}")
    assert not answer.startswith("error"), f"{kind} {value!r}: {answer}"
    return plain(cbor2.loads(bytes.fromhex(answer)))


def same(kind, value):
    back = ask(kind, value)
    if isinstance(value, float):
        # Bit for bit: zeros are signed.
        equal(struct.pack("<d", back), struct.pack("<d", value))
    else:
        equal(back, value)


def refused(kind, value):
    answer = peer.ask(f"{kind} {cbor2.dumps(value).hex()}")
    assert answer.startswith("error"), f"{kind} takes {value!r} for {answer}"


def number(low, high):
    return chance.choice([low, high, chance.randint(low, high), max(low, min(high, chance.randint(-300, 300)))])


def real():
    bits = chance.getrandbits(64)
    value = struct.unpack("<d", struct.pack("<Q", bits))[0]
    return chance.choice([0.0, -0.0, 1.5, math.inf, -math.inf, 5e-324]) if math.isnan(value) or bits % 4 == 0 else value


def single():
    return struct.unpack("<f", struct.pack("<f", chance.uniform(-1e9, 1e9)))[0]


def text():
    return "".join(chance.choice(["a", "\"", "\\", "\n", "\0", "ü", "水", "😀"]) for _ in range(chance.randrange(12)))


def tree(depth):
    return {"name": text(), "children": [tree(depth - 1) for _ in range(chance.randrange(3) if depth else 0)]}


def many(make):
    return [make() for _ in range(chance.randrange(20))]


def all_kinds():
    int32 = (-2**31, 2**31 - 1)
    return {
        "start": number(-2**63, 2**63 - 1), "end": number(-2**63, 2**63 - 1), "flag": chance.random() < 0.5,
        "small": number(0, 255), "large": number(0, 2**64 - 1), "single": single(), "exact": real(), "text": text(),
        "shade": chance.choice(["red", "green", "blue"]), "bare": chance.choice([1, 255]),
        "maybe": chance.choice([None, number(*int32)]),
        "either": chance.choice([[0, None], [1, number(*int32)], [2, real()], [3, text()]]),
        "three": [number(-2**15, 2**15 - 1), text(), real()], "doubles": many(real),
        "bits": many(lambda: chance.random() < 0.5), "deque": many(lambda: number(*int32)), "list": many(text),
        "forward": many(lambda: number(0, 65535)), "fixed": [number(*int32) for _ in range(3)],
        "set": sorted({number(-2**63, 2**63 - 1) for _ in range(5)}), "multiset": sorted(many(text), key=str.encode),
        "by_name": {text(): number(*int32) for _ in range(4)}, "by_number": {number(*int32): text() for _ in range(4)},
        "multimap": sorted([[str(n // 2), n] for n in range(4)]),
        "by_color": {name: real() for name in chance.sample(["red", "green", "blue"], 2)},
        "pause": number(-2**62, 2**62), "raw": chance.randbytes(chance.randrange(40)), "four": chance.randbytes(4),
        "complex": [real(), real()], "branch": tree(3),
    }


for value in [0, 23, 24, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**53 + 1, 2**63 - 1, -1, -24, -25, -2**63]:
    same("int64", value)
for value in [0, 1, 2**63, 2**64 - 1, 8580461940455638592]:
    same("uint64", value)
refused("int64", 2**63)
refused("int64", -2**63 - 1)
refused("uint64", -1)
refused("uint64", 2**64)
refused("int64", 1.5)
same("text", "a\0ü水😀")
refused("text", b"bytes")
refused("bytes", [256])
equal(ask("int64", 3.0), 3)
equal(ask("double", 3), 3.0)
assert math.isnan(ask("double", math.nan))
for value in [0.0, -0.0, 1.1, 5e-324, 1.7976931348623157e308, math.inf, -math.inf]:
    same("double", value)

for _ in range(300):
    same("double", real())
    same("float", single())
    same("bytes", chance.randbytes(chance.randrange(70)))
    same("doubles", many(real))
    same("floats", many(single))
    same("all_kinds", all_kinds())
    same("any", {text(): many(lambda: number(-2**63, 2**64 - 1)), "t": text(), "n": None, "b": True,
                 "d": [value for value in many(real) if math.isfinite(value)]})

# Typed arrays in every width and byte order, where the element fits.
for tag, kind in TYPED.items():
    values = [1.0, 2.5, -3.0] if kind[-1] in "fd" else [1, 2, 100]
    packed = b"".join(struct.pack(kind, one) for one in values)
    equal(ask("doubles", cbor2.CBORTag(tag, packed)), [float(one) for one in values])
    if kind[-1] not in "fd":
        equal(ask("int16s", cbor2.CBORTag(tag, packed)), values)
        equal(ask("uint32s", cbor2.CBORTag(tag, packed)), values)
refused("int16s", cbor2.CBORTag(70, struct.pack("<I", 70000)))
refused("doubles", cbor2.CBORTag(86, b"1234567"))

equal(peer.end(), 0)
