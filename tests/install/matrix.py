#!/usr/bin/env python3
"""Builds and runs users' programs in ways that differ from how the installed library was built.

usage: matrix.py BUILD WORK COMPILER    what each test run tries, against an installation made from BUILD
       matrix.py BUILD WORK --all       every combination, with every compiler that is here: for a look by hand
"""

import itertools
import os
import shlex
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
COMPILERS = ("clang++-19", "g++")
# Flags for a program besides those of dist.pc.
WAYS = {
    "plain": "",
    "address": "-fsanitize=address,undefined -fno-sanitize-recover=all",
    "thread": "-fsanitize=thread",
    "own_new": "-DOWN_NEW",
    "shared": "-DSHARED_OBJECT -fPIC",
    "boost_asio": "-DWITH_BOOST_ASIO -include boost/asio.hpp",
}
SHORT = (("-std=c++20", "-O2", "address"), ("-std=c++23", "-O2", "own_new"), ("-std=c++20", "-O2 -flto", "shared"))


def run(words, **more):
    return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600, **more)


def demand(words, **more):
    done = run(words, **more)
    if done.returncode != 0:
        sys.exit("%s ended with %d:\n%s" % (shlex.join(words), done.returncode, done.stdout[-8000:]))
    return done.stdout


def install(build, work):
    shutil.rmtree(work, ignore_errors=True)
    prefix = os.path.join(work, "prefix")
    demand(["cmake", "--install", build, "--prefix", prefix])
    return prefix


def flags_of(prefix, kind):
    """The flags of dist.pc without its -std: the combination sets its own."""
    folder = [root for root, _, files in os.walk(prefix) if "dist.pc" in files]
    told = demand(["pkg-config", kind, "dist"], env=dict(os.environ, PKG_CONFIG_PATH=folder[0]))
    return [word for word in shlex.split(told) if not word.startswith("-std=")]


def linker_of(compiler, optimise):
    return ["-fuse-ld=lld"] if "clang" in compiler and "-flto" in optimise else []


def compile_program(prefix, work, compiler, standard, optimise, way):
    """Returns the program, or exits with the compiler's output."""
    name = "_".join([compiler, standard, optimise, way]).replace(" ", "").replace("=", "")
    program = os.path.join(work, name)
    words = [compiler, standard, *shlex.split(optimise), *shlex.split(WAYS[way]), *flags_of(prefix, "--cflags"),
             os.path.join(HERE, "program.cpp")]
    libraries = flags_of(prefix, "--libs") + linker_of(compiler, optimise)
    if way == "shared":
        demand(words + ["-shared", "-o", program + ".so"] + libraries)
        demand([compiler, "-DPROGRAM=\"%s.so\"" % program, os.path.join(HERE, "host.cpp"), "-ldl", "-o", program])
    else:
        demand(words + ["-o", program] + libraries)
    return program


def try_program(program):
    """Returns the error, or an empty text."""
    for how in ("--inline", "--local=2"):
        done = run([program, how])
        if done.returncode != 0 or "all is well" not in done.stdout:
            return "%s %s ended with %d:\n%s" % (program, how, done.returncode, done.stdout[-4000:])
    return ""


def main():
    build, work, which = sys.argv[1:4]
    if which == "--all":
        compilers = [name for name in COMPILERS if shutil.which(name)]
        cells = list(itertools.product(compilers, ("-std=c++20", "-std=c++23"), ("-O0", "-O2 -flto"), WAYS))
    else:
        cells = [(which, *rest) for rest in SHORT]
    prefix = install(build, work)
    wrong = []
    for cell in cells:
        began = time.monotonic()
        problem = try_program(compile_program(prefix, work, *cell))
        print("%s: %s (%.0f s)" % (" ".join(cell), "failed" if problem else "passed", time.monotonic() - began), flush=True)
        if problem:
            wrong.append(problem)
    sys.exit("\n".join(wrong) if wrong else 0)


main()
