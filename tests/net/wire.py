"""Machines of a test: network namespaces, and a wire between them that delays, loses and swallows packets.

Each machine is a namespace with one tun device; this process holds their other ends and carries the packets. What
happens to a packet is decided here, so nothing else is needed of the system: no firewall, no traffic control. The
namespaces have no names and live in descriptors and processes: they are gone when those are, whatever happens.
"""

import contextlib
import ctypes
import fcntl
import heapq
import os
import random
import select
import socket
import struct
import sys
import threading
import time

SKIPPED = 77  # for ctest: this machine cannot run the test

_libc = ctypes.CDLL(None, use_errno=True)
_NEW_NET, _NEW_USER = 0x40000000, 0x10000000
_SET_DEVICE, _SET_ADDRESS, _SET_MASK, _SET_FLAGS = 0x400454CA, 0x8916, 0x891C, 0x8914


def _unshare(what):
    if _libc.unshare(what) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _become_master_of_namespaces():
    """Creates a user namespace of our own, in which an unprivileged user may create others. Needs a single thread."""
    user, group = os.getuid(), os.getgid()
    _unshare(_NEW_USER)
    for name, text in (("setgroups", "deny"), ("uid_map", "0 %d 1" % user), ("gid_map", "0 %d 1" % group)):
        with open("/proc/self/" + name, "w") as file:
            file.write(text)


def _configure(request, device, payload):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        fcntl.ioctl(door, request, struct.pack("16s24s", device.encode(), payload))


def _address(text):
    return struct.pack("HH4s", socket.AF_INET, 0, socket.inet_aton(text))


def _bring_up(device):
    _configure(_SET_FLAGS, device, struct.pack("H", 0x1 | 0x40))  # IFF_UP, IFF_RUNNING


class Machine:
    """A namespace with the device `wire` at an address of 10.77.0.0/24."""

    def __init__(self, address):
        home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            _unshare(_NEW_NET)
            try:
                self.space = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
                self.tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
                fcntl.ioctl(self.tun, _SET_DEVICE, struct.pack("16sH22x", b"wire", 0x1 | 0x1000))  # IFF_TUN, IFF_NO_PI
                _bring_up("lo")
                _bring_up("wire")
            finally:
                _libc.setns(home, _NEW_NET)
        finally:
            os.close(home)
        self.address = None
        self.move(address)

    @contextlib.contextmanager
    def inside(self):
        """Sockets and processes that this thread creates are on the machine."""
        home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            if _libc.setns(self.space, _NEW_NET) != 0:
                raise OSError(ctypes.get_errno(), "setns")
            yield self
        finally:
            _libc.setns(home, _NEW_NET)
            os.close(home)

    def move(self, address):
        """Gives it this address in place of its old one."""
        with self.inside():
            _configure(_SET_ADDRESS, "wire", _address(address))
            _configure(_SET_MASK, "wire", _address("255.255.255.0"))
        self.address = address

    def close(self):
        os.close(self.tun)
        os.close(self.space)


class Wire:
    """Carries packets between machines. Its attributes may change at any time."""

    def __init__(self):
        self.machines = []
        self.delay = 0.0      # seconds, each way
        self.loss = 0.0       # share of the packets
        self.deaf = set()     # (from, to): packets are dropped silently
        self.carried = self.lost = 0
        self._chance = random.Random(1)
        self._under_way = []
        self._number = 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def machine(self, address):
        made = Machine(address)
        self.machines.append(made)
        return made

    def cut(self, one, other):
        self.deaf |= {(one, other), (other, one)}

    def silence(self, source, target):
        self.deaf |= {(source, target)}

    def heal(self):
        self.deaf = set()

    def close(self):
        self._end.set()
        self._thread.join()
        for machine in self.machines:
            machine.close()

    def _run(self):
        while not self._end.is_set():
            patience = 0.01
            if self._under_way:
                patience = min(patience, max(0.0, self._under_way[0][0] - time.monotonic()))
            tuns = {machine.tun: machine for machine in list(self.machines)}
            ready, _, _ = select.select(list(tuns), [], [], patience)
            for tun in ready:
                self._read_all(tuns[tun])
            while self._under_way and self._under_way[0][0] <= time.monotonic():
                _, _, target, packet = heapq.heappop(self._under_way)
                self._deliver(target, packet)

    def _read_all(self, source):
        for _ in range(64):
            try:
                packet = os.read(source.tun, 65536)
            except BlockingIOError:
                return
            if packet[0] >> 4 != 4:
                continue
            address = socket.inet_ntoa(packet[16:20])
            target = next((one for one in self.machines if one.address == address), None)
            if target is None or (source, target) in self.deaf or self._chance.random() < self.loss:
                self.lost += 1
                continue
            self._number += 1
            heapq.heappush(self._under_way, (time.monotonic() + self.delay, self._number, target, packet))

    def _deliver(self, target, packet):
        # A cut also drops packets in transit.
        source = socket.inet_ntoa(packet[12:16])
        if any(one.address == source and other is target for one, other in self.deaf):
            self.lost += 1
            return
        try:
            os.write(target.tun, packet)
            self.carried += 1
        except OSError:
            self.lost += 1


def open_wire():
    """Returns a wire; skips the test on machines that do not allow one."""
    try:
        try:
            Machine("10.77.0.254").close()
        except PermissionError:
            _become_master_of_namespaces()
            Machine("10.77.0.254").close()
    except OSError as error:
        print("skipped: no network namespace with a tun device can be made here (%s): it takes root, or user "
              "namespaces, and /dev/net/tun" % error)
        sys.exit(SKIPPED)
    return Wire()
