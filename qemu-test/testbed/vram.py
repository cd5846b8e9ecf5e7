# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""A card's memory from outside, while the machine runs: of a card with the option "vram-file=@NAME"."""

import mmap
import os
import pathlib

MIB = 1 << 20
# Of which VFs' framebuffers are multiples
UNIT = 16 * MIB


class Vram:
    """The memory of one card."""

    def __init__(self, machine, number, name):
        self._card = machine.card(number)
        self._path = pathlib.Path(machine.log) / name

    def range_of(self, vf):
        """Where a VF's framebuffer is, VFs counted from 1: its first byte and its size."""
        value = self._card.json("state")[f"GPUIOV_VF{vf - 1}_FB"]
        return (value >> 16) * UNIT, ((value & 0xFFFF) + 1) * UNIT

    def read(self, start, size):
        """Bytes of the memory."""
        with open(self._path, "rb") as file:
            return os.pread(file.fileno(), size, start)

    def _data(self, start, size):
        """Those parts of a range that are more than holes of the file, as pairs of first byte and bytes."""
        end = start + size
        with open(self._path, "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as memory:
            at = start
            while at < end:
                try:
                    at = os.lseek(file.fileno(), at, os.SEEK_DATA)
                except OSError:
                    return
                hole = min(os.lseek(file.fileno(), at, os.SEEK_HOLE), end)
                if at < hole:
                    yield at, memory[at:hole]
                at = hole

    def used(self, start, size):
        """How many bytes of a range are not zero."""
        return sum(len(data) - data.count(0) for _, data in self._data(start, size))

    def find(self, pattern, start, size):
        """Where in a range a pattern is for the first time; None if it is not there."""
        for at, data in self._data(start, size):
            if (found := data.find(pattern)) >= 0:
                return at + found
        return None
