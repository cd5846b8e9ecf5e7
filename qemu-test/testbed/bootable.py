# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Gets the kernel out of its compressed image, the same bytes that it would unpack itself: an emulated CPU takes two
seconds for what takes the host a tenth of that, at each boot.
"""

import hashlib
import struct

import zstandard

from .kept import kept

# Documentation/arch/x86/boot.rst: setup_sects, magic, payload_offset and payload_length.
SETUP_SECTORS, MAGIC, PAYLOAD = 0x1F1, 0x202, 0x248
ZSTD = b"\x28\xb5\x2f\xfd"
# QEMU starts such a file by its 32-bit entry for virtual machines (PVH), which is in an ELF note: sizes of its name and
# of its address, XEN_ELFNOTE_PHYS32_ENTRY, name.
NOTES = [struct.pack("<III4s", 4, size, 18, b"Xen") for size in (4, 8)]


def unpack(image):
    """The kernel in the bytes of an image (bzImage); nothing if QEMU cannot start that without the image's own code."""
    if image[MAGIC:MAGIC + 4] != b"HdrS":
        return b""
    offset, length = struct.unpack_from("<II", image, PAYLOAD)
    start = ((image[SETUP_SECTORS] or 4) + 1) * 512 + offset
    payload = image[start:start + length]
    if not payload.startswith(ZSTD):
        return b""
    unpacker = zstandard.ZstdDecompressor().decompressobj()
    try:
        # The size of what was packed follows the frame, and is not part of it.
        kernel = unpacker.decompress(payload)
    except zstandard.ZstdError:
        return b""
    good = unpacker.eof and kernel.startswith(b"\x7fELF") and any(note in kernel for note in NOTES)
    return kernel if good else b""


def bootable(image):
    """The file to give to QEMU for a kernel's image: that of the kernel alone, or the image itself."""
    data = image.read_bytes()
    kernel = kept("vmlinux", hashlib.sha256(data).hexdigest()[:16], lambda: unpack(data))
    return kernel if kernel.stat().st_size else image
