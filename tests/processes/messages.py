#!/usr/bin/env python3
"""Each message in docs/messages.md is provoked here and printed as the page shows it.

usage: messages.py PROGRAM DIST CERTIFICATES
"""

import os
import pathlib
import re
import socket
import subprocess
import sys

from support import Process, expect, main, names_addresses_once

DIST, CERTIFICATES = sys.argv.pop(2), sys.argv.pop(2)
PAGE = pathlib.Path(__file__).parents[2] / "docs" / "messages.md"
ROW = re.compile(r"^\| `([^`]+)` \| [^|]+ \| `(\w+)` \|$", re.M)


def to_pattern(message):
    """A message of the page as a pattern: its words in capitals match anything on the line."""
    parts = re.split(r"((?<![\w-])(?:ADDR|PORT|HOST|LABEL|METHOD|FILE|REASON|NAME|NODE|END|CALL|FLAG|TEXT|N|M)\b)", message)
    # A flag's argument is printed as on the page: --secret-file FILE.
    out, before = "", ""
    for index, part in enumerate(parts):
        literal = index % 2 == 0 or (re.search(r"--[\w-]+ $", before) and "secret file " not in before)
        out += re.escape(part) if literal else ".+"
        before = part if index % 2 == 0 else ""
    return out


TEXT = PAGE.read_text(encoding="utf-8")
MESSAGES = {case: message for message, case in ROW.findall(TEXT)}


def has(text, case):
    expect(re.search(to_pattern(MESSAGES[case]), text), "%s: not as the page says '%s':\n%s" % (case, MESSAGES[case], text))
    names_addresses_once(text)


def printed(world, *words, code, case, **more):
    has(world.start(*words, **more).ends(code).stderr(), case)


def commanded(world, *words, code, case):
    made = Process(DIST, list(words))
    world.processes.append(made)
    has(made.ends(code).stderr(), case)


def pem(name):
    return os.path.join(CERTIFICATES, name)


def secret(world, name, text, mode=0o600):
    path = world.path(name)
    with open(path, "w") as file:
        file.write(text + "\n")
    os.chmod(path, mode)
    return path


class taken_port:
    """A port reserved for this test; it either listens or refuses connections."""

    def __init__(self, listens):
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        if listens:
            self.socket.listen()
        self.at = "127.0.0.1:%d" % self.socket.getsockname()[1]


def connection_refused(world):
    unused = taken_port(listens=False)
    printed(world, "--connect", unused.at, "sum", "3", code=4, case="connection_refused")


def unknown_host(world):
    printed(world, "--connect", "no.such.host.invalid:3000", "sum", "3", code=4, case="unknown_host")


def drain_without_nodes(world):
    commanded(world, "drain", "a", "--master", world.master().at, code=1, case="drain_without_nodes")


def command_without_master(world):
    unused = taken_port(listens=False)
    commanded(world, "nodes", "--master", unused.at, code=4, case="command_without_master")


def port_taken(world):
    other = taken_port(listens=True)
    printed(world, "--master", other.at, "serve", code=1, case="port_taken")


def open_without_secret(world):
    printed(world, "--master", "0.0.0.0:0", "serve", code=2, case="open_without_secret")


def no_node_joined(world):
    world.master(job=("sum", "3")).says(to_pattern(MESSAGES["no_node_joined"]) + r".*--join :\d+")


def label_missing(world):
    master = world.master(job=("labelled",))
    world.node(master, "a")
    master.says(to_pattern(MESSAGES["label_missing"]))


def secret_file_missing(world):
    printed(world, "--inline", "--secret-file", world.path("none"), "serve", code=2, case="secret_file_missing")


def secret_file_open(world):
    open_to_all = secret(world, "open", "a secret of a good length", 0o644)
    printed(world, "--inline", "--secret-file", open_to_all, "serve", code=2, case="secret_file_open")


def secret_file_short(world):
    printed(world, "--inline", "--secret-file", secret(world, "short", "short"), "serve", code=2, case="secret_file_short")


def guarded(world):
    return world.master("--secret-file", secret(world, "right", "a secret of a good length"))


def secret_missing(world):
    has(world.node(guarded(world), "a").ends(2).stderr(), "secret_missing")


def secret_wrong(world):
    wrong = secret(world, "wrong", "another of a good length")
    has(world.node(guarded(world), "a", "--secret-file", wrong).ends(2).stderr(), "secret_wrong")


def name_taken(world):
    master = world.master()
    world.nodes(master, ["a"])
    has(world.node(master, "a").ends(2).stderr(), "name_taken")


def tls_against_plain(world):
    master = world.master()
    world.start("--join", master.at, "--tls")
    master.says(to_pattern(MESSAGES["tls_against_plain"]))


def with_tls(world):
    return world.master("--tls-cert", pem("master.pem"), "--tls-key", pem("master.key"))


def plain_against_tls(world):
    master = with_tls(world)
    has(world.node(master, "a").ends(2).stderr(), "plain_against_tls")
    printed(world, "--connect", master.at, "sum", "3", code=4, case="plain_against_tls")
    commanded(world, "nodes", "--master", master.at, code=2, case="plain_against_tls")


def tls_closed(world):
    master = world.master()
    world.start("--join", master.at, "--tls").says(to_pattern(MESSAGES["tls_closed"]))
    printed(world, "--connect", master.at, "--tls", "sum", "3", code=4, case="tls_closed")
    commanded(world, "nodes", "--master", master.at, "--tls", code=4, case="tls_closed")


def certificate_unknown(world):
    master = with_tls(world)
    world.start("--join", master.at, "--tls").says(to_pattern(MESSAGES["certificate_unknown"]))


def certificate_missing(world):
    printed(world, "--master", "127.0.0.1:0", "--tls", "serve", code=2, case="certificate_missing")


def with_a_node(world):
    master = world.master()
    world.nodes(master, ["a"])
    return master


def unknown_method(world):
    commanded(world, "call", "Work.nope", "3", "--master", with_a_node(world).at, code=1, case="unknown_method")


def no_text(world):
    commanded(world, "logs", "a", "--master", with_a_node(world).at, code=1, case="no_text")


def argument_count(world):
    commanded(world, "call", "Work.square", "--master", with_a_node(world).at, code=1, case="argument_count")


def argument_type(world):
    commanded(world, "call", "Work.square", '"five"', "--master", with_a_node(world).at, code=1, case="argument_type")


def too_deep(world):
    commanded(world, "call", "Work.square", "[" * 100 + "]" * 100, "--master", with_a_node(world).at, code=2,
              case="too_deep")


def not_const(world):
    has(world.start("--local", "1", "all_once").ends(0).stderr(), "not_const")


def types_differ(world):
    master = world.master()
    world.node(master, "b", environment={"WORK_IS_OTHER": "1"})
    master.says(to_pattern(MESSAGES["types_differ"]))


def build_id(program):
    notes = subprocess.run(["readelf", "--notes", program], capture_output=True, text=True, check=True).stdout
    found = re.search(r"Build ID: (\w+)", notes)
    return bytes.fromhex(found.group(1)) if found else b""


def other_build(world):
    """A copy of the program with a different build id."""
    master = world.master()
    with open(world.program, "rb") as file:
        content = file.read()
    own = build_id(world.program)
    expect(own and content.count(own) == 1, "the program has no build id")
    other = world.path("other")
    with open(other, "wb") as file:
        file.write(content.replace(own, own[::-1]))
    os.chmod(other, 0o700)
    world.processes.append(Process(other, ["--join", master.at, "--name", "b"]))
    master.says(to_pattern(MESSAGES["other_build"]))


def poisoned(world):
    printed(world, "--local", "1", "poison", code=1, case="poisoned")


def lost_once(world):
    has(world.start("--local", "1", "boom_once").ends(0).stdout(), "lost_once")


def node_process_ended(world):
    has(world.start("--local", "1", "boom_once").ends(0).stderr(), "node_process_ended")


def wrong_number(world):
    printed(world, "--local", "0", "sum", "3", code=2, case="wrong_number")


def arguments_too_large(world):
    printed(world, "--local", "1", "--limit", "frame_bytes=20KB", "until_cancelled", "x" * 50000, code=1,
            case="arguments_too_large")


def result_too_large(world):
    printed(world, "--local", "1", "--limit", "frame_bytes=20KB", "long_text", "30000", code=1, case="result_too_large")


def no_such_limit(world):
    printed(world, "--limit", "frames=2", "sum", "3", code=2, case="no_such_limit")


def journal_of_another_kind(world):
    with open(world.path("table"), "w", encoding="utf-8") as file:
        file.write("name,price\n")
    printed(world, "--inline", "--journal", world.path("table"), "sum", "3", code=2, case="journal_of_another_kind")


def journal_folder_missing(world):
    printed(world, "--inline", "--journal", world.path("none/journal"), "sum", "3", code=2, case="journal_folder_missing")


def two_roles(world):
    printed(world, "--inline", "--master", ":3000", "sum", "3", code=2, case="two_roles")


def every_row_has_its_case(world):
    rows = [line for line in TEXT.splitlines() if line.startswith("| `")]
    expect(len(rows) == len(MESSAGES), "a row of the page cannot be read, or two name one case")
    names = {case.__name__ for case in CASES}
    expect(set(MESSAGES) == names, "cases without a row, or rows without a case: %s" % sorted(set(MESSAGES) ^ names))


CASES = [connection_refused, unknown_host, drain_without_nodes, command_without_master, port_taken, open_without_secret, no_node_joined, label_missing,
         secret_file_missing, secret_file_open, secret_file_short, secret_missing, secret_wrong, name_taken,
         tls_against_plain, tls_closed, plain_against_tls, certificate_unknown, certificate_missing, unknown_method, no_text, argument_count,
         argument_type, too_deep, not_const, types_differ, other_build, poisoned, lost_once, node_process_ended,
         wrong_number, arguments_too_large, result_too_large, no_such_limit, journal_of_another_kind,
         journal_folder_missing, two_roles]

main([every_row_has_its_case, *CASES])
