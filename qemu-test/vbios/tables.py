# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""What the tables of a VBIOS image hold: as little as the PF's driver and a guest's amdgpu ask for. Sections 4.2 to 4.4
of the hardware reference.
"""

import struct

# Indices of command tables
ASIC_INIT, STATIC_POWER, SMC_INIT, GFX_DMA, WRITE_I2C, FAN, SET_VOLTAGE, EFUSE, VOLTAGE_INFO = (
    0x00, 0x13, 0x1D, 0x35, 0x37, 0x39, 0x43, 0x45, 0x50)
# Indices of data tables
FIRMWARE_INFO, VRAM_USAGE, POWER_PLAY, GPU_VIRT, INDIRECT_IO, VRAM_INFO = 0x04, 0x0B, 0x0F, 0x10, 0x17, 0x1C

END = b"\x5b"
# Indices of registers
SMC_INDEX_1, SMC_DATA_1, BIOS_SCRATCH_7, FB_LOCATION, HDP_NONSURFACE_BASE, CONFIG_MEMSIZE, RLC_CNTL, RLCV_F32_CNTL = (
    0x82, 0x83, 0x5D0, 0x809, 0xB01, 0x150A, 0xEC00, 0xFB46)
SMC_RESET = 0x80000000
# Where the framebuffer is in the card's own addresses, in units of 16 MB
FB_BASE = 0xF400
INIT_DONE = 0x200
# A driver overwrites SMC_Init with one of this size.
SMC_INIT_SIZE = 0x6C0


def register_op(opcode, index, value):
    """A command with a register as destination and a 32-bit immediate as source."""
    return struct.pack("<BBHI", opcode, 0x05, index, value)


def move_register(index, value):
    """MOVE register, immediate."""
    return register_op(0x01, index, value)


def or_register(index, value):
    """OR register, immediate."""
    return register_op(0x0D, index, value)


def asic_init(total_fb_mb):
    """Makes a cold card a posted one: memory, SMC and RLC-V, and the sign that it is done."""
    top = FB_BASE + (total_fb_mb + 15) // 16 - 1
    return b"".join((
        move_register(FB_LOCATION, top << 16 | FB_BASE), move_register(HDP_NONSURFACE_BASE, FB_BASE << 16),
        move_register(SMC_INDEX_1, SMC_RESET), move_register(SMC_DATA_1, 0),
        move_register(RLC_CNTL, 1), move_register(RLCV_F32_CNTL, 1),
        move_register(CONFIG_MEMSIZE, total_fb_mb), or_register(BIOS_SCRATCH_7, INIT_DONE), END))


def add(image, total_fb_mb=8190):
    """Adds all tables to an image."""
    image.command(ASIC_INIT, asic_init(total_fb_mb), parameters=40)
    for index in (STATIC_POWER, GFX_DMA, FAN, SET_VOLTAGE, EFUSE, VOLTAGE_INFO):
        image.command(index, END)
    image.command(SMC_INIT, END, size=SMC_INIT_SIZE)
    image.command(WRITE_I2C, END, revision=(1, 2))
    # Default engine and memory clock, in 10 kHz
    image.table(FIRMWARE_INFO, struct.pack("<4xII", 30000, 15000).ljust(0x60, b"\0"), (2, 1))
    # Start and length of MC, SMC, RLC-V, TOC and patch in the flash, then sys_flag
    image.table(GPU_VIRT, struct.pack("<11I", 0, 0, 0x20000, 0x20000, 0x44008, 0x2000, 0x50000, 0xC9DC, 0, 0, 0),
                (2, 1))
    image.table(VRAM_USAGE, bytes(12))
    image.table(POWER_PLAY, bytes(0x40))
    image.table(INDIRECT_IO, bytes(4))
    image.table(VRAM_INFO, bytes(0x40))
