# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""What the flash holds behind the image: pieces of firmware, which nothing here runs, with bytes that can be told
apart. Places and versions are those of section 4.4 of the hardware reference.
"""

# Start and length of the firmware of MC, SMU and RLC-V, of the table of contents and of the patch
SMU, RLCV, CONTENTS = (0x20000, 0x20000), (0x44008, 0x2000), (0x50000, 0xC9DC)
PLACES = 0, 0, *SMU, *RLCV, *CONTENTS, 0, 0
# Offset of the version in a piece, and the version
VERSIONS = {SMU: (0x14, 0x00111900), RLCV: (0, 0x80)}
ERASED = b"\xff"


def piece(place):
    """The bytes of a piece: each dword has its number, and which piece it is in the top byte."""
    start, length = place
    data = bytearray()
    for number in range(length // 4):
        data += ((start >> 16) << 24 | number).to_bytes(4, "little")
    if place in VERSIONS:
        at, version = VERSIONS[place]
        data[at:at + 4] = version.to_bytes(4, "little")
    return bytes(data)


def around(image):
    """The flash with an image at its start."""
    data = bytearray(image)
    for place in (SMU, RLCV, CONTENTS):
        data = data[:place[0]].ljust(place[0], ERASED) + piece(place)
    return bytes(data)
