# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""What is behind index and data registers, and the ways to the card's memory: sections 3.1 to 3.4, 3.7, 3.9, 3.10 of
the hardware reference.
"""

import pytest
from bare_card import commands, wanted

from testbed.paths import VBIOS

pytestmark = wanted()
MB = 1 << 20


def window(offset):
    """MM_INDEX for VRAM."""
    return f"b5@18={offset >> 31:x}", f"b5@0={0x80000000 | offset & 0x7ffffffc:x}"


def words(data, first, count):
    return [int.from_bytes(data[4 * n:4 * n + 4], "little") for n in range(first, first + count)]


# ROM

def test_the_rom_port_advances_by_itself(pf):
    image = VBIOS.read_bytes()
    assert pf.do("b5@230=c0600010", "b5@234=0", "b5@230=c0600014", *["b5@234"] * 64) == words(image, 0, 64)
    assert pf.do("b5@230=c0600010", "b5@234", "b5@234=fffc", "b5@230=c0600014", "b5@234", "b5@234") == [
        256, words(image, 0x3FFF, 1)[0], 0xFFFFFFFF], "behind the image the flash is empty"
    assert pf.do("b5@230=c0600010", "b5@234=fffffffc", "b5@230=c0600014", "b5@234", "b5@234") == [
        0xFFFFFFFF, words(image, 0, 1)[0]]


def test_the_rom_bar_shows_the_flash(pf):
    image = VBIOS.read_bytes()
    # Behind the registers there is room: the VFs' begin at a multiple of 4 MiB.
    base = (pf.get("c4@24") & ~0xF) + 0x40000
    pf.do(f"c4@30={base | 1:x}")
    try:
        assert pf.do(f"p@{base:x}", f"p@{base + 0x240:x}", f"p@{base + 0x10000:x}") == [
            *words(image, 0, 1), *words(image, 0x90, 1), 0xFFFFFFFF]
    finally:
        pf.do("c4@30=0")


# Indirect registers

def test_each_smc_pair_has_an_index_of_its_own(pf):
    pairs = [0x200 + 8 * n for n in range(8)] + [0x698 + 8 * n for n in range(8)]
    pf.do(*(f"b5@{r:x}={0x30000 + 4 * n:x}" for n, r in enumerate(pairs)))
    pf.do(*(f"b5@{r + 4:x}={n + 1:x}" for n, r in enumerate(pairs)))
    assert pf.do("b5@200=30000", "b5@204", "b5@200=3003c", "b5@204", *(f"b5@{r + 4:x}" for r in pairs[1:])) == [
        1, 16, *range(2, 17)]


def test_firmware_state_of_a_posted_card(pf):
    assert pf.do("b5@200=80000370", "b5@204", "b5@200=3f800", "b5@204", "b5@200=20030", "b5@204", "b5@1740") == [
        0x20100, 1, 0x3FBE8, 0x200]


def test_smc_messages(pf):
    assert pf.do("b5@254", "b5@290=47e", "b5@254=0", "b5@254", "b5@250=254", "b5@254", "b5@200=3fc54", "b5@204") == [
        1, 0, 1, 0x47E]


def test_straps(pf):
    assert pf.do("b5@38=14000c0", "b5@3c", "b5@3c=40000000", "b5@3c", "b5@38=140010c", "b5@3c", "b5@38=14000c0",
                 "b5@3c=0", "b5@3c") == [0, 0x40000000, 0, 0]
    assert pf.get("c2@344") == 0x10


def test_a_vf_cannot_write_straps_or_smc_registers(pf, vfs):
    vfs[0].do("b5@38=1500008", "b5@3c=0", "b5@200=c0200048", "b5@204=0")
    assert pf.do("b5@38=1500008", "b5@3c", "b5@200=c0200048", "b5@204") == [4, 0xC00]


def test_scratch_memory_wraps(pf):
    pf.do("b5@3ed10=1fe", "b5@3ed14=a", "b5@3ed14=b", "b5@3ed14=c")
    assert pf.do("b5@3ed10", "b5@3ed10=1fe", "b5@3ed14", "b5@3ed10", "b5@3ed14", "b5@3ed10", "b5@3ed14", "b5@3ed10",
                 "b5@3ed10=200", "b5@3ed10") == [1, 0xA, 0x1FF, 0xB, 0, 0xC, 1, 0]
    # A driver reads until the address is 0 again.
    assert pf.do("b5@3ed10=1", *["b5@3ed14"] * 511, "b5@3ed10")[-1] == 0


def test_length_of_the_save_list(pf):
    assert pf.do("b5@3b1b0=5f", "b5@3b1b4", "b5@3b1b0=5e", "b5@3b1b4") == [0x300, 0]


def test_idle_status(pf, vfs):
    assert pf.do("b5@3b100", "b5@8010", "b5@d034", "b5@d834", "b5@8680") == [0x17, 0x3028, 1, 1, 0]
    assert vfs[15].get("b5@3b100") == 0x17, "also through the BAR of a VF that was never started"


# Identity

def test_identity_of_a_vf(pf, vfs):
    assert pf.get("b5@540c") == 0x80000000
    assert vfs[0].do("b5@540c", "b5@5428") == [0x80000001, 480]
    assert vfs[0].do("b5@40000", "b5@3ffffc") == [0, 0]
    pf.machine.card(0).set("vf-mmio-beyond", "repeat")
    assert vfs[0].get("b5@4540c") == 0x80000001
    pf.machine.card(0).set("vf-mmio-beyond", "ones")
    assert vfs[0].get("b5@4540c") == 0xFFFFFFFF
    pf.machine.card(0).set("vf-mmio-beyond", "zeros")


def test_io_ports_are_the_first_registers(pf):
    port = pf.get("c4@20") & ~3
    pf.do("b5@0=5428")
    script = f"dd if=/dev/port bs=1 skip={port + 4} count=1 2>/dev/null | hexdump -e '1/1 \"%x\"'"
    assert pf.machine.sh(script) == "fe"
    assert pf.machine.card(0).json("counters")["io-reads"] == 1


# VRAM

def test_mm_index_reaches_registers_and_all_of_vram(pf):
    assert pf.do("b5@0=5428", "b5@4") == [8190]
    for at in (0, 0x7FFFFFFC, 0x80000000, 8190 * MB, 8192 * MB - 4):
        assert pf.do(*window(at), f"b5@4={at >> 2 & 0xffffffff | 1:x}", "b5@4") == [at >> 2 & 0xFFFFFFFF | 1]
    assert pf.do(*window(8192 * MB), "b5@4=1", "b5@4") == [0xFFFFFFFF]
    assert pf.do(*window(0), "b0@0=5", "b5@4", "b5@4=6", "b0@0") == [5, 6]


def test_a_vf_s_aperture_is_exactly_its_range(pf, vfs):
    one, last = vfs[0], vfs[15]
    one.do("b0@0=11111111", "b0@ffffffc=22222222")
    last.do("b0@0=33333333")
    assert pf.do(*window(272 * MB), "b5@4", *window(528 * MB - 4), "b5@4", *window((272 + 15 * 480) * MB), "b5@4") == [
        0x11111111, 0x22222222, 0x33333333]
    # Cut to 32 MB, and moved
    pf.do("c4@42c=110001")
    assert one.do("b0@0", "b0@1fffffc", "b0@2000000=5", "b0@2000000", "b5@5428") == [0x11111111, 0, 0xFFFFFFFF, 32]
    pf.do(*window(304 * MB))
    assert pf.get("b5@4") == 0, "the write went nowhere"
    pf.do(*window(320 * MB), "b5@4=44444444", "c4@42c=140001")
    assert one.get("b0@0") == 0x44444444
    pf.do("c4@42c=0")
    assert one.get("b0@0") == 0xFFFFFFFF


def test_a_vf_s_mm_index_stays_in_its_range(pf, vfs):
    pf.do(*window(0), "b5@4=77")
    assert vfs[0].do(*window(0), "b5@4=88", "b5@4", *window(480 * MB), "b5@4=99", "b5@4", "b0@0") == [
        0x88, 0xFFFFFFFF, 0x88]
    assert pf.do(*window(0), "b5@4", *window(752 * MB), "b5@4") == [0x77, 0]


def test_hdp_nonsurface_base_slides_the_pf_s_aperture(pf):
    base = pf.get("b5@2c04")
    assert base == 0xF4000000
    pf.do(*window(8190 * MB), "b5@4=abc", f"b5@2c04={base + (8190 << 12):x}")
    assert pf.do("b0@0", "b0@200000") == [0xABC, 0xFFFFFFFF]
    pf.do(f"b5@2c04={base:x}")


def dma(destination, length, source=None, pattern=0):
    """Section 3.9, relative to the framebuffer's base."""
    base = 0xF4 << 32
    control, command, at = "40c00c00", 0x54000000, pattern
    if source is not None:
        control, command, at = "c00c00", 0x40000000, base + source
    return (f"b5@3018c={control}", f"b5@30190={at & 0xffffffff:x}", f"b5@30194={at >> 32:x}",
            f"b5@30198={(base + destination) & 0xffffffff:x}", f"b5@3019c={(base + destination) >> 32:x}",
            f"b5@303a0={command | length:x}")


def test_the_command_processor_fills_and_copies(pf, vfs):
    at = 1024 * MB
    pf.do(commands("LOAD PF, RUN PF"), *dma(at, 0x40, pattern=0xDEADBEEF), *dma(at + 0x40, 0x40, source=at))
    assert pf.do(*window(at), "b5@4", *window(at + 0x7C), "b5@4", *window(at + 0x80), "b5@4") == [
        0xDEADBEEF, 0xDEADBEEF, 0]
    pf.do(*dma(at, 0x100000))
    assert pf.do(*window(at), "b5@4", "b5@8680", "b5@30228") == [0, 0, 0x10000000]


@pytest.mark.allow_driver_errors
def test_dma_needs_the_gpu_and_stays_in_vram(pf, card, vfs):
    pf.do(*window(64 * MB), "b5@4=5", *dma(64 * MB, 0x40, pattern=1))
    assert pf.do("b5@4") == [5]
    assert "while the PF does not run" in card.driver_error_log()
    pf.do(commands("LOAD PF, RUN PF"), *dma(8192 * MB, 0x40))
    assert "beyond VRAM" in card.driver_error_log()
