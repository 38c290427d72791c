#!/usr/bin/env python3
"""Compares what `search` finds with factors that were multiplied here, and primes that were proven here.

usage: search.py PROGRAM
"""

import os
import random
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "processes"))
from support import expect, main  # noqa: E402

MOST = 2**64 - 1


def is_prime(number):
    """Miller and Rabin's test, which these bases make a proof below 2^64."""
    bases = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)
    if number < 2 or any(number % base == 0 for base in bases):
        return number in bases
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1

    def passes(base):
        power = pow(base, odd, number)
        return power == 1 or any(pow(power, 2**i, number) == number - 1 for i in range(twos))
    return all(passes(base) for base in bases)


def prime_near(number):
    while not is_prime(number):
        number += 1
    return number


def search(world, *arguments):
    """What it prints for each number: its factors, or nothing for a prime."""
    job = world.start(*map(str, arguments)).ends(0)
    found = re.findall(r"^(\d+)(?: = (\d+) \* (\d+)| is prime)$", job.stdout(), re.M)
    expect(len(found) == len(job.stdout().splitlines()), job.stdout())
    return {int(number): {int(a), int(b)} if a else None for number, a, b in found}


def factors_of_semiprimes_are_found(world):
    chance = random.Random(3)
    primes = [prime_near(chance.randrange(2, 3 * 10**7)) for _ in range(12)] + [2, 2, 3, 2, 99_991, 99_991]
    pairs = {a * b: {a, b} for a, b in zip(primes[::2], primes[1::2])}
    for more in ([], ["--wide"]):
        found = search(world, "--local", 3, *more, *pairs)
        expect(found == pairs, "%s, not %s" % (found, pairs))


def primes_are_recognized(world):
    borders = [1_000_000**2 - 1, 1_000_000**2, 999_983**2, 1_000_003**2, MOST]
    others = list(range(2, 200)) + [prime_near(10**12), prime_near(10**14)]
    for more in ([], ["--wide"]):
        found = search(world, "--local", 2, *more, *borders, *others)
        expect(set(found) == set(borders + others), "numbers are missing")
        for number, factors in found.items():
            right = is_prime(number) if factors is None else min(factors) > 1 and min(factors) * max(factors) == number
            expect(right, "%s: %s" % (number, factors))


def wrong_numbers_are_rejected(world):
    for wrong in ("1", "-7", "1e6", "x", str(MOST + 1)):
        job = world.start("--inline", wrong).ends(2)
        expect("'%s' is not a whole number from 2" % wrong in job.stderr(), job.stderr())
    expect("missing numbers" in world.start("--inline").ends(2).stderr(), "no numbers")


main([factors_of_semiprimes_are_found, primes_are_recognized, wrong_numbers_are_rejected])
