# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Writes pictures as PNG files."""

import struct
import zlib


def _chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, xrgb):
    """The bytes of a PNG file, of pixels of 4 bytes as a framebuffer has them (blue first, the fourth without use)."""
    rows = []
    for y in range(height):
        row = xrgb[4 * width * y:4 * width * (y + 1)]
        rgb = bytearray(3 * width)
        rgb[0::3], rgb[1::3], rgb[2::3] = row[2::4], row[1::4], row[0::4]
        rows.append(b"\0" + rgb)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(b"".join(rows)))
            + _chunk(b"IEND", b""))
