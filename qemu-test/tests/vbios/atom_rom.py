# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The least image that an interpreter takes, around tables that a test has made."""

import struct

VENDOR, DEVICE = 0x1002, 0x6929
BLOCK = 512
LARGEST = 255 * BLOCK
STRINGS, PCIR, HEADER, TABLES = 0x140, 0x1C0, 0x200, 0x240
FIRMWARE_INFO, INDIRECT_IO = 0x04, 0x17
# Entries of the master tables.
COMMANDS, DATA = 0x51, 0x24
# Where the command table with the lowest number is.
FIRST_COMMAND = TABLES + 4 + 2 * COMMANDS


def data_table(body, revision=(1, 1)):
    """A data table: the common header, then `body`."""
    return struct.pack("<HBB", len(body) + 4, *revision) + body


def firmware_info(version=0x0F320001, sclk=30000, mclk=15000):
    """The data table with the default clocks."""
    return data_table(struct.pack("<III", version, sclk, mclk) + bytes(0x40), (2, 2))


def image(commands, data=None, size=0, filler=b"\0"):
    """An image of the command and data tables {number: bytes}, at least `size` bytes long, with `filler` behind."""
    data = {FIRMWARE_INFO: firmware_info(), **(data or {})}
    rom = bytearray(TABLES)
    rom[0:2] = b"\x55\xaa"
    rom[0x2F] = 1
    rom[0x30:0x3A] = b" 761295520"
    rom[0x50:0x5E] = b"03/14/16 15:09"
    struct.pack_into("<H", rom, 0x18, PCIR)
    struct.pack_into("<H", rom, 0x48, HEADER)
    struct.pack_into("<H", rom, 0x6E, STRINGS)
    text = b"113-TEST-001\0\r\nTEST BOARD\0ATOMBIOSBK-AMD VER015.050.000.001.000001\0"
    rom[STRINGS : STRINGS + len(text)] = text
    struct.pack_into("<4sHH", rom, PCIR, b"PCIR", VENDOR, DEVICE)
    struct.pack_into("<HBB4s", rom, HEADER, 0x24, 1, 1, b"ATOM")
    struct.pack_into("<H", rom, HEADER + 0xC, STRINGS)

    for pointer, tables, count in ((0x1E, commands, COMMANDS), (0x20, data, DATA)):
        struct.pack_into("<H", rom, HEADER + pointer, len(rom))
        master = len(rom)
        rom += struct.pack("<HBB", 4 + 2 * count, 1, 1) + bytes(2 * count)
        for number, table in sorted(tables.items()):
            struct.pack_into("<H", rom, master + 4 + 2 * number, len(rom))
            rom += table
    size = max(size, len(rom) + 1)
    rom += (filler * (size // len(filler) + 1))[: -(-size // BLOCK) * BLOCK - len(rom)]
    rom[2] = len(rom) // BLOCK
    struct.pack_into("<H", rom, PCIR + 0x10, len(rom) // BLOCK)
    return signed(rom)


def signed(rom):
    """The image with its last byte such that all sum up to 0."""
    rom = bytearray(rom)
    rom[-1] = (rom[-1] - sum(rom)) & 0xFF
    return bytes(rom)


def batch(images):
    """What rust/atom_trace and amdgpu_atom read: images with their seeds."""
    return b"".join(struct.pack("<II", seed, len(rom)) + rom for seed, rom in images)
