#!/usr/bin/env python3
"""A program of -DDIST_STATIC=ON needs glibc and nothing else: it is a node in a root that has nothing but that.

usage: empty_root.py PROGRAM ROOT
"""

import os
import re
import shutil
import signal
import subprocess
import sys

PROGRAM, ROOT = sys.argv[1:]
GLIBC = {"libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}


def needed(file):
    said = subprocess.run(["readelf", "-d", file], capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"\(NEEDED\).*\[(.*)\]", said))


def make_root():
    shutil.rmtree(ROOT, ignore_errors=True)
    where = subprocess.run(["ldd", PROGRAM], capture_output=True, text=True, check=True).stdout
    for file in re.findall(r"(?:=> )?(/\S+) \(0x", where):
        os.makedirs(ROOT + os.path.dirname(file), exist_ok=True)
        shutil.copy(file, ROOT + file)
    shutil.copy(PROGRAM, ROOT + "/program")


others = needed(PROGRAM) - GLIBC
if others:
    sys.exit("it also needs %s" % ", ".join(sorted(others)))
make_root()
# Port 0: the line that reports where it listens contains the port.
master = subprocess.Popen([PROGRAM, "--master", "127.0.0.1:0", "--min-nodes", "1"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
port = re.search(r"listening on 127\.0\.0\.1:(\d+)", master.stderr.readline()).group(1)
try:
    node = subprocess.Popen(["/program", "--join", "127.0.0.1:" + port], preexec_fn=lambda: os.chroot(ROOT), cwd="/")
except (PermissionError, subprocess.SubprocessError):
    master.kill()
    print("no right to change the root: the node was not started in an empty one")
    sys.exit(0)
out, _ = master.communicate(timeout=60)
node.send_signal(signal.SIGTERM)
node.wait(timeout=60)
if out != "12\n" or master.returncode != 0:
    sys.exit("the master ended with %d and said '%s'" % (master.returncode, out))
