"""A cluster whose processes are on machines of their own, and helpers shared by the tests of this folder."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "processes"))

import support  # noqa: E402
from wire import open_wire  # noqa: E402


class Site(support.World):
    """Master, nodes and jobs, each on a given machine; every process records its machine."""

    def __init__(self, program):
        super().__init__(program)
        self.wire = open_wire()

    def __exit__(self, *error):
        super().__exit__(*error)
        self.wire.close()

    def machines(self, count):
        return [self.wire.machine("10.77.0.%d" % (i + 1)) for i in range(count)]

    def start_on(self, machine, *arguments):
        with machine.inside():
            made = self.start(*arguments)
        made.machine = machine
        return made

    def master_on(self, machine, *flags, job=("serve",)):
        made = self.start_on(machine, "--master", machine.address + ":0", "--insecure", "--log", "info", *flags, *job)
        made.port = int(made.says(r"listening on [^ ]*:(\d+)").group(1))
        made.at = "%s:%d" % (machine.address, made.port)
        return made

    def node_on(self, machine, master, name, slots=2):
        return self.start_on(machine, "--join", master.at, "--name", name, "--log", "info", "--slots", str(slots))

    def job_on(self, machine, master, *words):
        return self.start_on(machine, "--connect", master.at, *words)

    def everybody_joins(self, master, names):
        support.until("nodes " + " ".join(names), lambda: all(state_of(master, name) == "living" for name in names))


def status(master):
    with master.machine.inside():
        return support.status(master)


def state_of(master, name):
    return next((one["state"] for one in status(master)["nodes"] if one["name"] == name), "gone")


def sessions_of(node):
    return node.stderr().count("joined the master")


def main(cases):
    support.main(cases, Site)
