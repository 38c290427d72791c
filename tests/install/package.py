#!/usr/bin/env python3
"""The Debian package of a build: what is in it, that it works where it is unpacked, and that its units are right.

usage: package.py CPACK BUILD WORK COMPILER CONSUMER
"""

import os
import shutil
import subprocess
import sys

CPACK, BUILD, WORK, COMPILER, CONSUMER = sys.argv[1:]
MUST = ["usr/bin/dist", "usr/share/man/man1/dist.1", "usr/lib/libdist_runtime.a", "usr/lib/pkgconfig/dist.pc",
        "usr/include/dist/dist.hpp", "usr/lib/cmake/dist/dist-config.cmake", "usr/lib/systemd/system/dist-master.service",
        "usr/lib/systemd/system/dist-node@.service", "usr/lib/sysusers.d/dist.conf", "usr/share/doc/dist-rpc/copyright"]


def run(*words, **more):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=280, **more)
    if done.returncode != 0:
        sys.exit("%s ended with %d:\n%s" % (" ".join(words), done.returncode, done.stdout))
    return done.stdout


def expect(holds, text):
    if not holds:
        sys.exit(text)


def unpack():
    """Makes the package and unpacks it in an empty tree; returns the tree."""
    shutil.rmtree(WORK, ignore_errors=True)
    os.makedirs(WORK)
    run(CPACK, "-G", "DEB", "--config", os.path.join(BUILD, "CPackConfig.cmake"), "-B", WORK)
    (package,) = [name for name in os.listdir(WORK) if name.endswith(".deb")]
    package = os.path.join(WORK, package)
    about = run("dpkg-deb", "--field", package)
    expect("Package: dist-rpc\n" in about and "libssl3" in about and "libboost-json1.81" in about, about)
    tree = os.path.join(WORK, "tree")
    run("dpkg-deb", "--extract", package, tree)
    for path in MUST:
        expect(os.path.exists(os.path.join(tree, path)), "the package lacks " + path)
    return tree


def the_command_works(tree):
    dist = os.path.join(tree, "usr/bin/dist")
    expect(run(dist, "--version").startswith("dist "), "no version")
    with open(os.path.join(tree, "usr/lib/pkgconfig/dist.pc")) as file:
        expect(WORK not in file.read() and BUILD not in file.read(), "dist.pc names the place where it was built")


def a_program_is_built(tree):
    """By hand, with what pkg-config says, as makefiles do; by another compiler than the library too."""
    where = {**os.environ, "PKG_CONFIG_PATH": os.path.join(tree, "usr/lib/pkgconfig")}
    flags = run("pkg-config", "--cflags", "--libs", "dist", env=where).split()
    program = os.path.join(WORK, "consumer")
    for compiler in (COMPILER, "g++"):
        run(compiler, CONSUMER, "-o", program, *flags)
        run(program, "--inline")
        run(program, "--local", "1")


def the_units_are_right(tree):
    if not shutil.which("systemd-analyze"):
        return print("no systemd-analyze here: the units were not looked at")
    # The programs that they start are looked for; where they will be, another stands in.
    here = os.path.join(WORK, "units")
    os.makedirs(here)
    for name in ("dist-master.service", "dist-node@.service"):
        with open(os.path.join(tree, "usr/lib/systemd/system", name)) as file:
            text = file.read()
        for program in ("/usr/bin/dist", "/usr/local/bin/%i"):
            text = text.replace("ExecStart=" + program, "ExecStart=/bin/true")
        with open(os.path.join(here, name.replace("@", "@pricer")), "w") as file:
            file.write(text.replace("Documentation=man:dist(1)\n", ""))
    said = run("systemd-analyze", "verify", *(os.path.join(here, name) for name in os.listdir(here)))
    ours = [line for line in said.splitlines() if here in line or "dist-" in line]
    expect(not ours, "\n".join(ours))


unpacked = unpack()
the_command_works(unpacked)
a_program_is_built(unpacked)
the_units_are_right(unpacked)
