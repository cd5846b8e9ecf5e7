# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The layout of a VBIOS image: expansion ROM header, PCI data structure, ATOM ROM header, the two master tables, and
the checksum. What is in the tables comes from `tables.py`. Offsets are those of section 4.2 of the hardware reference.
"""

import struct

SIZE = 0x10000
BLOCK = 512
VENDOR, DEVICE = 0x1002, 0x6929
SUBSYSTEM = 0x030C
SIGNATURE = b" 761295520"

# Where the parts are. The first three pointers' places are fixed, what they point to is our choice.
LENGTH, ENTRY, PCIR_POINTER, STRING_COUNT, ATI_SIGNATURE, ATOM_POINTER, DATE, STRINGS_POINTER = (
    0x02, 0x03, 0x18, 0x2F, 0x30, 0x48, 0x50, 0x6E)
STRINGS, PCIR, ATOM, COMMANDS, DATA, TABLES = 0xA0, 0x200, 0x240, 0x300, 0x400, 0x500

# How many tables of each kind a driver may ask for.
COMMAND_COUNT, DATA_COUNT = 0x52, 0x22

DATE_TEXT = b"11/22/26 12:00"
# amdgpu wants them all: part number first, the name after an end of line, the version behind its anchor.
STRINGS_TEXT = (b"113-C94501-100\0TONGA\0PCI_EXPRESS\0GDDR5\0\r\nS7150 emulated\0"
                b"ATOMBIOSBK-AMD VER015.049.000.000.000000\0")
VERSION = 0x0F, 0x1F


class Image:
    """An image that is being made; tables are put one behind the other."""

    def __init__(self, device=DEVICE):
        self.data = bytearray(SIZE)
        self._end = TABLES
        self._header(device)

    def put(self, offset, layout, *values):
        """Writes values at an offset, little endian, in the words of the module `struct`."""
        struct.pack_into("<" + layout, self.data, offset, *values)

    def _header(self, device):
        self.put(0, "2sB", b"\x55\xaa", SIZE // BLOCK)
        # The firmware calls an option ROM here: return at once.
        self.put(ENTRY, "B", 0xCB)
        self.put(PCIR_POINTER, "H", PCIR)
        self.put(STRING_COUNT, "B10s", 4, SIGNATURE)
        self.put(ATOM_POINTER, "H", ATOM)
        self.put(DATE, f"{len(DATE_TEXT)}s", DATE_TEXT)
        self.put(STRINGS_POINTER, "H", STRINGS)
        self.put(STRINGS, f"{len(STRINGS_TEXT)}s", STRINGS_TEXT)
        # Vendor, device, (reserved), length, revision, class, image length, code revision (minor, major), code type,
        # whether it is the last
        self.put(PCIR, "4sHHHHB3sHBBBB", b"PCIR", VENDOR, device, 0, 0x18, 0, b"\0\0\3", SIZE // BLOCK, VERSION[1],
                 VERSION[0], 0, 0x80)
        self.put(ATOM, "HBB4s", 0x24, 1, 1, b"ATOM")
        self.put(ATOM + 0x18, "HH", VENDOR, SUBSYSTEM)
        self.put(ATOM + 0x1E, "HH", COMMANDS, DATA)
        self.put(COMMANDS, "HBB", 4 + 2 * COMMAND_COUNT, 1, 1)
        self.put(DATA, "HBB", 4 + 2 * DATA_COUNT, 1, 1)

    def _append(self, master, index, body):
        offset = self._end
        self._end = (offset + len(body) + 3) & ~3
        if self._end > SIZE - 4:
            raise ValueError("the tables do not fit into the image")
        self.data[offset:offset + len(body)] = body
        self.put(master + 4 + 2 * index, "H", offset)

    def command(self, index, code):
        """Adds a command table, with its header."""
        if index >= COMMAND_COUNT:
            raise ValueError(f"there is no command table {index:#x}")
        self._append(COMMANDS, index, code)

    def data_table(self, index, data):
        """Adds a data table that has its header."""
        if index >= DATA_COUNT:
            raise ValueError(f"there is no data table {index:#x}")
        self._append(DATA, index, data)

    def table(self, index, body, revision=(1, 1)):
        """Adds a data table, and makes its header."""
        self.data_table(index, struct.pack("<HBB", 4 + len(body), *revision) + body)

    def finish(self):
        """The image's bytes, whose sum is 0."""
        self.data[-1] = 0
        self.data[-1] = -sum(self.data) & 0xFF
        return bytes(self.data)
