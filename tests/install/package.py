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
    """Builds the package, unpacks it in an empty tree and returns that."""
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


def command_runs_from_the_package(tree):
    dist = os.path.join(tree, "usr/bin/dist")
    expect(run(dist, "--version").startswith("dist "), "no version")
    with open(os.path.join(tree, "usr/lib/pkgconfig/dist.pc")) as file:
        expect(WORK not in file.read() and BUILD not in file.read(), "dist.pc names the place where it was built")


def program_builds_against_the_package(tree):
    """By hand with pkg-config, as makefiles do; also with another compiler than the library's."""
    where = {**os.environ, "PKG_CONFIG_PATH": os.path.join(tree, "usr/lib/pkgconfig")}
    flags = run("pkg-config", "--cflags", "--libs", "dist", env=where).split()
    program = os.path.join(WORK, "consumer")
    for compiler in (COMPILER, "g++"):
        run(compiler, CONSUMER, "-o", program, *flags)
        run(program, "--inline")
        run(program, "--local", "1")


def systemd_units_are_valid(tree):
    if not shutil.which("systemd-analyze"):
        return print("no systemd-analyze here: the units were not looked at")
    # systemd checks that the programs exist; a placeholder stands in for them.
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
command_runs_from_the_package(unpacked)
program_builds_against_the_package(unpacked)
systemd_units_are_valid(unpacked)
