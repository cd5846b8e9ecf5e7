# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""What the tables of a VBIOS image hold: command tables and indirect I/O are assembled from `tables/*.atom`, the other
data tables are as little as the PF's driver and a guest's amdgpu ask for. Sections 4.2 to 4.4 of the hardware
reference.
"""

import pathlib
import struct

import atomasm
import flash

SOURCES = pathlib.Path(__file__).parent / "tables"
# Indices of command tables that a driver may ask for, but that have nothing to do here.
UNUSED = STATIC_POWER, SET_VOLTAGE, EFUSE, VOLTAGE_INFO = 0x13, 0x43, 0x45, 0x50
# Indices of data tables
FIRMWARE_INFO, VRAM_USAGE, POWER_PLAY, GPU_VIRT, VRAM_INFO = 0x04, 0x0B, 0x0F, 0x10, 0x1C
# What else has to be replaced for a table of `tables/bad` to be wrong.
WITH = {"mutual_recursion": [".command asic_registers_init\ncall asic_init\neot"]}


def bad():
    """Names of the tables that are wrong, each to stand for asic_init."""
    return sorted(path.stem for path in (SOURCES / "bad").glob("*.atom"))


def add(image, total_fb_mb=8190, wrong=None):
    """Adds all tables to an image; `wrong` names one of `bad()`."""
    sources = [path.read_text() for path in sorted(SOURCES.glob("*.atom"))]
    if wrong:
        # Later ones take the place of those before.
        sources += [(SOURCES / "bad" / f"{wrong}.atom").read_text(), *WITH.get(wrong, [])]
    assembled = {}
    for source in sources:
        table = atomasm.table(source, MEGABYTES=total_fb_mb)
        assembled[table.kind, table.index] = table.code
    for index in UNUSED:
        assembled["command", index] = atomasm.assemble("eot")
    for (kind, index), code in sorted(assembled.items()):
        (image.command if kind == "command" else image.data_table)(index, code)
    # Version, default engine and memory clock, in 10 kHz
    image.table(FIRMWARE_INFO, struct.pack("<III", 0x0F310000, 30000, 15000).ljust(0x60, b"\0"), (2, 1))
    image.table(GPU_VIRT, struct.pack("<11I", *flash.PLACES, 0), (2, 1))
    image.table(VRAM_USAGE, bytes(12))
    image.table(POWER_PLAY, bytes(0x40))
    image.table(VRAM_INFO, bytes(0x40))
