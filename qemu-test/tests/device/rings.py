# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Rings in a VF's memory, for tests that play its driver with poke.c: section 3.8 of the hardware reference."""

RING, TARGET = 0x10000, 0x20000
SCRATCH = "b5@30100"
# The write pointers of the gfx ring and of SDMA0's
GFX_WPTR, SDMA_WPTR = 0xC114, 0xD210

# Packets of the command processor
SET_SCRATCH = (0xC0017900, 0x40, 0xDEADBEEF)


def write(offset, *words):
    """Words into VRAM, through the aperture."""
    return [f"b0@{offset + 4 * n:x}={word & 0xffffffff:x}" for n, word in enumerate(words)]


def write_data(address, *data, select=5):
    """WRITE_DATA to memory (5) or to a register (0)."""
    return (0xC0003700 | (2 + len(data)) << 16, select << 8, address, address >> 32, *data)


def buffer(address, dwords, vmid=0):
    """INDIRECT_BUFFER."""
    return (0xC0023F00, address & ~3, address >> 32, dwords | vmid << 24)


def gfx_ring(*words):
    """A ring of 256 dwords that begins anew with these packets, and its read pointer's report; then its pointer."""
    return (*write(RING, *words), f"b5@c10c={TARGET + 0x100:x}", "b5@c104=80000007", "b5@c104=7",
            f"b5@c100={RING >> 8:x}", f"b5@{GFX_WPTR:x}={len(words):x}")


def sdma_ring(*words):
    """The same of SDMA0."""
    return (*write(RING, *words), "b5@d20c=0", "b5@d220=0", f"b5@d224={TARGET + 0x100:x}", f"b5@d204={RING >> 8:x}",
            "b5@d208=0", f"b5@{SDMA_WPTR:x}={4 * len(words):x}", "b5@d200=11")
