#!/usr/bin/env python3
"""What Asio finds out about its surroundings is the same in the library and in whatever program links it: it may depend on
no header that was read before, no compiler and no flag.

usage: asio_macros.py DIST_PC COMPILER...
"""

import re
import shutil
import subprocess
import sys
import tempfile

PC, *COMPILERS = sys.argv[1:]
FIRST = """
#include <asio.hpp>
#include <asio/experimental/as_tuple.hpp>
#include <asio/experimental/awaitable_operators.hpp>
#include <asio/experimental/parallel_group.hpp>
#include <asio/ssl.hpp>
"""
LAST = "#include <bits/stdc++.h>\n#include <sys/socket.h>\n#include <unistd.h>\n#include <boost/asio.hpp>\n" + FIRST
FLAGS = ("-std=c++20", "-std=c++23 -O2 -pthread", "-std=gnu++20 -fsanitize=address", "-std=c++20 -fsanitize=thread",
         "-std=c++20 -fno-rtti -D_FILE_OFFSET_BITS=64")
# Neither changes what a type or a function is: how a name is pasted, and whether a constant is also a constexpr.
HARMLESS = {"ASIO_OS_DEF", "ASIO_STATIC_CONSTEXPR_DEFAULT_INIT"}


def definitions():
    with open(PC) as file:
        return re.findall(r"(?<=\s)-D\S+", file.read())


def macros(compiler, flags, source):
    with tempfile.NamedTemporaryFile("w", suffix=".cpp") as file:
        file.write(source)
        file.flush()
        done = subprocess.run([compiler, "-dM", "-E", *flags.split(), *definitions(), file.name], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    found = dict(re.findall(r"^#define (ASIO_\w+)(.*)$", done.stdout, re.MULTILINE))
    return {name: text for name, text in found.items() if not name.endswith("_HPP") and name not in HARMLESS}


def differences(one, other):
    return ["%s: %s and %s" % (name, one.get(name, "undefined"), other.get(name, "undefined"))
            for name in sorted(one.keys() | other.keys()) if one.get(name) != other.get(name)]


wanted = None
problems = []
for compiler in COMPILERS:
    if not shutil.which(compiler):
        continue
    for flags in FLAGS:
        for order, source in (("first", FIRST), ("last", LAST)):
            found = macros(compiler, flags, source)
            wanted = wanted or found
            problems += ["%s %s, Asio %s: %s" % (compiler, flags, order, line) for line in differences(wanted, found)]
if not wanted or "ASIO_HAS_CO_AWAIT" not in wanted:
    problems.append("no macro was found")
sys.exit("\n".join(problems) if problems else 0)
