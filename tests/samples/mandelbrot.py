#!/usr/bin/env python3
"""Compares the picture of `mandelbrot`, decoded here, with one that is calculated here by complex numbers.

usage: mandelbrot.py PROGRAM
"""

import os
import struct
import subprocess
import sys
import tempfile
import zlib


def paeth(left, up, corner):
    guess = left + up - corner
    return min((left, up, corner), key=lambda near: abs(guess - near))


def decode(png):
    """The size and the byte rows of an 8-bit RGB PNG without interlacing."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n", "no PNG"
    at, data = 8, b""
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        body = png[at + 8 : at + 8 + length]
        assert struct.unpack(">I", png[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + body), kind
        if kind == b"IHDR":
            width, height, *form = struct.unpack(">IIBBBBB", body)
            assert form == [8, 2, 0, 0, 0], form
        elif kind == b"IDAT":
            data += body
        at += 12 + length
    data = zlib.decompress(data)
    rows, above = [], bytes(3 * width)
    for y in range(height):
        start = y * (3 * width + 1)
        how, row = data[start], bytearray(data[start + 1 : start + 1 + 3 * width])
        for i in range(len(row)):
            left, corner = (row[i - 3], above[i - 3]) if i >= 3 else (0, 0)
            row[i] = (row[i] + (0, left, above[i], (left + above[i]) // 2, paeth(left, above[i], corner))[how]) % 256
        rows.append(bytes(row))
        above = row
    return width, height, rows


def colour(c):
    z = 0j
    for steps in range(1000):
        if z.real * z.real + z.imag * z.imag > 4:
            phases = [steps * speed % 512 for speed in (3, 5, 9)]
            return [phase if phase < 256 else 511 - phase for phase in phases]
        z = z * z + c
    return [0, 0, 0]


def expected(width, height):
    scale = max(3 / width, 2.25 / height)
    return [bytes(value for x in range(width)
                  for value in colour(complex(-0.75 + (x - width / 2) * scale, (height / 2 - y) * scale)))
            for y in range(height)]


def check_picture(program, folder, width, height):
    file = os.path.join(folder, "set.png")
    done = subprocess.run([program, "--local", "2", "--out", file, "--size", f"{width}x{height}"],
                          stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout == f"{file}: {width} x {height} pixels\n", done.stdout
    with open(file, "rb") as png:
        got = decode(png.read())
    assert got[:2] == (width, height) and len(got[2]) == height, got[:2]
    for y, (row, right) in enumerate(zip(got[2], expected(width, height))):
        assert row == right, f"row {y} of {width}x{height}: {row.hex()} instead of {right.hex()}"


def check_refusal(program, words, *flags, code=2):
    done = subprocess.run([program, "--inline", *flags], capture_output=True, text=True)
    assert done.returncode == code and words in done.stderr and not done.stdout, (flags, done)


def main(program):
    with tempfile.TemporaryDirectory() as folder:
        for width, height in ((129, 70), (1, 1), (5, 65)):  # whole tiles and parts of some, both ways
            check_picture(program, folder, width, height)
        file = os.path.join(folder, "none.png")
        for size in ("64", "64x", "0x64", "64x-1", "64x48x3", "64x999999"):
            check_refusal(program, "--size: expected WIDTHxHEIGHT", "--out", file, "--size=" + size)
        check_refusal(program, "--out")
        check_refusal(program, "--colour", "--out", file, "--colour", "red")
        assert not os.path.exists(file)
        nowhere = os.path.join(folder, "no", "folder.png")
        check_refusal(program, "cannot write " + nowhere, "--out", nowhere, "--size", "2x2", code=1)


if __name__ == "__main__":
    main(sys.argv[1])
