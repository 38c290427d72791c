"""The part of CBOR (RFC 8949, RFC 8746) that docs/PROTOCOL.md, section 7, requires of a peer, without a library."""

import struct

# Tag of RFC 8746: the format of one element. Bit 2 of a tag says little-endian, so 64 and 68 (bytes) have no order.
_ARRAYS = {64: "B", 65: ">H", 66: ">I", 67: ">Q", 68: "B", 69: "<H", 70: "<I", 71: "<Q", 72: "b", 73: ">h", 74: ">i",
           75: ">q", 77: "<h", 78: "<i", 79: "<q", 80: ">e", 81: ">f", 82: ">d", 84: "<e", 85: "<f", 86: "<d"}
_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _LIST, _MAP, _TAG, _SIMPLE = range(8)


def _head(kind, number):
    if number < 24:
        return bytes([kind << 5 | number])
    for more, width in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << 8 * width:
            return bytes([kind << 5 | more]) + number.to_bytes(width, "big")
    raise OverflowError(f"{number} needs more than 64 bits")


def encode(value):
    """The bytes of a value made of None, bool, int, float, str, bytes, list, tuple and dict."""
    if value is None:
        return b"\xf6"
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return _head(_UNSIGNED, value) if value >= 0 else _head(_NEGATIVE, -1 - value)
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, bytes):
        return _head(_BYTES, len(value)) + value
    if isinstance(value, str):
        text = value.encode()
        return _head(_TEXT, len(text)) + text
    if isinstance(value, (list, tuple)):
        return _head(_LIST, len(value)) + b"".join(map(encode, value))
    return _head(_MAP, len(value)) + b"".join(encode(key) + encode(one) for key, one in value.items())


class _Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if count > len(self.data) - self.at:
            raise ValueError(f"{count} bytes announced, {len(self.data) - self.at} are left")
        self.at += count
        return self.data[self.at - count:self.at]

    def head(self):
        first = self.take(1)[0]
        kind, number = first >> 5, first & 31
        if number > 27:
            raise ValueError("indefinite or reserved length")
        return kind, number, number if number < 24 else int.from_bytes(self.take(1 << number - 24), "big")

    def value(self):
        kind, short, number = self.head()
        if kind == _UNSIGNED:
            return number
        if kind == _NEGATIVE:
            return -1 - number
        if kind == _BYTES:
            return self.take(number)
        if kind == _TEXT:
            return self.take(number).decode()
        if kind == _LIST:
            return [self.value() for _ in range(number)]
        if kind == _MAP:
            return {self.value(): self.value() for _ in range(number)}
        if kind == _TAG:
            inner = self.value()
            return self.numbers(_ARRAYS[number], inner) if number in _ARRAYS else inner
        if short in (25, 26, 27):
            return struct.unpack({25: ">e", 26: ">f", 27: ">d"}[short], number.to_bytes(1 << short - 24, "big"))[0]
        return {20: False, 21: True, 22: None, 23: None}[number]

    @staticmethod
    def numbers(element, data):
        count = len(data) // struct.calcsize(element)
        order = element[0] if len(element) > 1 else "<"
        return list(struct.unpack(f"{order}{count}{element[-1]}", data))


def decode(data):
    """The one value that `data` holds; typed arrays become lists, other tags are skipped."""
    reader = _Reader(data)
    value = reader.value()
    if reader.at != len(data):
        raise ValueError(f"{len(data) - reader.at} bytes behind the value")
    return value
