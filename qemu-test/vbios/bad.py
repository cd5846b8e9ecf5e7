# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Images with one thing wrong, for drivers to refuse. All else is right: where it is not the checksum that is meant, it
is made to fit again, so that only the one check can find the mistake.
"""

import image


def _fit(data):
    """Makes the sum of an image 0 again."""
    data[-1] = 0
    data[-1] = -sum(data) & 0xFF
    return data


def _word(data, offset, value):
    data[offset:offset + 2] = value.to_bytes(2, "little")
    return _fit(data)


def _byte(data, offset, value):
    data[offset] = value
    return _fit(data)


def _checksum(data):
    data[-1] ^= 0x5A
    return data


def _overrun(data, master, index, size):
    offset = int.from_bytes(data[master + 4 + 2 * index:][:2], "little")
    return _word(data, offset, size)


BAD = {
    "signature": lambda d: _byte(d, 0, 0x54),
    "checksum": _checksum,
    # Longer than what is there: the flash reads as ones behind it.
    "length": lambda d: _byte(d, image.LENGTH, 0xFF),
    "zero-length": lambda d: _byte(d, image.LENGTH, 0),
    "truncated": lambda d: d[:len(d) // 2],
    "empty": lambda d: bytearray(),
    "pcir-pointer": lambda d: _word(d, image.PCIR_POINTER, 0xFFF8),
    "pcir-signature": lambda d: _byte(d, image.PCIR, ord("X")),
    "device": lambda d: _word(d, image.PCIR + 6, 0x6938),
    "vendor": lambda d: _word(d, image.PCIR + 4, 0x10DE),
    "ati-signature": lambda d: _byte(d, image.ATI_SIGNATURE + 3, ord("X")),
    "atom-pointer": lambda d: _word(d, image.ATOM_POINTER, 0xFFF0),
    "atom-signature": lambda d: _byte(d, image.ATOM + 4, ord("X")),
    "command-table-pointer": lambda d: _word(d, image.ATOM + 0x1E, 0xFFFE),
    "data-table-pointer": lambda d: _word(d, image.ATOM + 0x20, 0xFFFE),
    # asic_init begins past the end.
    "asic-init-offset": lambda d: _word(d, image.COMMANDS + 4, 0xFFFF),
    "command-table-overrun": lambda d: _overrun(d, image.COMMANDS, 0, 0xFFFF),
    "data-table-overrun": lambda d: _overrun(d, image.DATA, 0x10, 0xFFFF),
}
