# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Counts the guest's instructions, and tells a module's from the kernel's: the reader's side of instructions.c."""

import bisect
import collections
import dataclasses
import gzip
import mmap
import struct

from testbed import SetupError
from testbed.paths import BUILD

PLUGIN = BUILD / "bench" / "instructions.so"
RANGES = 4
PAGE = 4096
PLACES = 65536
# struct block
ASKED = struct.Struct(f"<Q{2 * RANGES}Q3Q")
TOLD = struct.Struct("<Q9Q")
# struct place: address, length, executed, since_halt
PLACE = struct.Struct("<4Q")
# Where a device's interrupt begins and ends (what follows, softirqs, is not the device's), and what wakes its thread.
SYMBOLS = ("asm_common_interrupt", "irq_exit_rcu", "__irq_wake_thread")


@dataclasses.dataclass(frozen=True)
class Count:
    """How often something was seen, and the instructions in it: all, and the module's own."""

    times: int
    all: int
    ours: int

    def __sub__(self, other):
        return Count(self.times - other.times, self.all - other.all, self.ours - other.ours)


@dataclasses.dataclass(frozen=True)
class Counts:
    """total: all, and times that the CPU had nothing to do; busy: from one such time to the next, where any was the
    module's and no program ran; interrupts: those of the device, from begin to end."""

    total: Count
    busy: Count
    interrupts: Count

    @property
    def caused(self):
        """Instructions that the module caused, its own and the kernel's: as `busy` has it, also where programs ran."""
        return self.busy.all / self.busy.ours * self.total.ours if self.busy.ours else 0

    def __sub__(self, other):
        return Counts(*(getattr(self, f.name) - getattr(other, f.name) for f in dataclasses.fields(self)))


class Counter:
    """The instructions of one machine with one CPU. Use `qemu_args` for it, then `watch` when the module is loaded.

    places: whether it knows functions; then it is slow.
    """

    def __init__(self, path, places=False):
        if not PLUGIN.exists():
            raise SetupError(f"{PLUGIN} is not there: run `make -C qemu-test/bench`")
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        size = ASKED.size + TOLD.size + 8 + PLACES * PLACE.size
        with path.open("w+b") as file:
            file.truncate(size)
            self._block = mmap.mmap(file.fileno(), size)
        self._places = places
        self._generation = 0
        self._kernel, self._symbols = {}, []

    @property
    def qemu_args(self):
        """What QEMU needs for it."""
        return ("-plugin", f"file={PLUGIN},counts={self._path}{',places=on' if self._places else ''}")

    def watch(self, machine, module):
        """Says where the module's code is now: it moves each time that it is loaded."""
        # The guest's serial line takes longer for all symbols than everything else that is measured.
        first, last = (int(line.split()[0], 16) for line in machine.sh(
            f"grep -F '[{module}]' /proc/kallsyms | grep ' [tTwW] ' | sort | sed -n '1p;$p'").splitlines())
        if not self._kernel:
            wanted = " ".join(f"-e ' {name}'" for name in SYMBOLS)
            lines = machine.sh(f"grep -F {wanted} /proc/kallsyms").splitlines()
            self._kernel = {name: int(address, 16) for address, _, name, *of in map(str.split, lines) if not of}
        if self._places:
            machine.sh("gzip -c /proc/kallsyms > /tmp/symbols.gz")
            symbols = [line.split() for line in gzip.decompress(machine.read("/tmp/symbols.gz")).decode().splitlines()]
            self._symbols = sorted((int(address, 16), name + "".join(of)) for address, kind, name, *of in symbols
                                   if kind in "tTwW")
        self._generation += 1
        self._block[:ASKED.size] = ASKED.pack(self._generation, first, (last // PAGE + 1) * PAGE,
                                              *[0] * (2 * RANGES - 2), *(self._kernel[name] for name in SYMBOLS))
        # The next time that the CPU has nothing to do.
        machine.sh("usleep 20000")
        if self._told()[0] != self._generation:
            raise SetupError("the plugin does not see when the CPU has nothing to do")

    def _told(self):
        return TOLD.unpack(self._block[ASKED.size:ASKED.size + TOLD.size])

    def read(self):
        """What was counted since the start."""
        numbers = self._told()[1:]
        return Counts(*(Count(*numbers[i:i + 3]) for i in (0, 3, 6)))

    def places(self):
        """Instructions of `busy` so far by address, a block of code each, as far as the places suffice."""
        first = ASKED.size + TOLD.size
        (places,) = struct.unpack_from("<Q", self._block, first)
        found = collections.Counter()
        for n in range(places):
            address, _, executed, _ = PLACE.unpack_from(self._block, first + 8 + n * PLACE.size)
            if executed:
                found[address] += executed
        return found

    def function(self, address):
        """The function that an address is in."""
        at = bisect.bisect(self._symbols, address, key=lambda symbol: symbol[0])
        return self._symbols[at - 1][1] if at else "nobody's"
