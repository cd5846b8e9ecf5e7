# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Which kernels QEMU gets without their image."""

import struct

import pytest
import zstandard

from testbed.bootable import NOTES, unpack

KERNEL = b"\x7fELF" + bytes(100) + NOTES[0] + bytes(1000)


def image(payload):
    """A bzImage with this payload, as the boot protocol of x86 has it."""
    head = bytearray(1024)
    head[0x1F1] = 1
    head[0x202:0x206] = b"HdrS"
    struct.pack_into("<II", head, 0x248, 16, len(payload))
    return bytes(head) + bytes(16) + payload


def packed(kernel):
    """A kernel as the kernel's build packs it: with its size behind."""
    return zstandard.ZstdCompressor().compress(kernel) + struct.pack("<I", len(kernel))


def test_the_kernel_is_what_was_packed():
    assert unpack(image(packed(KERNEL))) == KERNEL


@pytest.mark.parametrize("other", [
    b"", b"\x7fELF" + bytes(2000), image(b"\x1f\x8b\x08" + bytes(100)), image(packed(KERNEL)[:20]),
    image(packed(KERNEL.replace(b"Xen", b"Nex"))), image(packed(b"not ELF" + KERNEL))],
    ids=["nothing", "no image", "other packing", "cut off", "no entry for PVH", "no ELF"])
def test_any_other_starts_by_itself(other):
    assert unpack(other) == b""
