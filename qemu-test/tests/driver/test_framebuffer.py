# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""How the framebuffer is divided: the card's registers against the table of section 4.3 of the behaviour reference."""

import pytest

from testbed import MODULE

pytestmark = pytest.mark.machine(cards=["total-fb-mb=8190", "total-fb-mb=8192", "total-fb-mb=4096"],
                                 module_files=(MODULE,), warp=True, append="iomem=relaxed")

# T, VFs, pf_fb, vf_fb: first and last VFn_FB, TOTAL_FB_CONSUMED, CNTXT.
TABLE = [
    (8192, 1, 0, 0, 0x001101EE, 0x001101EE, 0x1F00, 0x00100001),
    (8192, 2, 0, 0, 0x001100F6, 0x010800F6, 0x1F00, 0x00100001),
    (8192, 3, 0, 0, 0x001100A4, 0x015B00A4, 0x1F00, 0x00100001),
    (8192, 4, 0, 0, 0x0011007A, 0x0182007A, 0x1F00, 0x00100001),
    (8192, 8, 0, 0, 0x0011003C, 0x01BC003C, 0x1F00, 0x00100001),
    (8192, 16, 0, 0, 0x0011001D, 0x01D3001D, 0x1F00, 0x00100001),
    (8192, 16, 1000, 0, 0x003F001B, 0x01E3001B, 0x1C20, 0x003E0001),
    (8192, 8, 512, 512, 0x0021001F, 0x0101001F, 0x1E00, 0x00200001),
    (8192, 4, 8192, 0, 0x01C0000F, 0x01F0000F, 0x0410, 0x01BF0001),
    (8192, 16, 8192, 0, 0x0100000F, 0x01F0000F, 0x1010, 0x00FF0001),
    (8192, 16, 0, 2048, 0x0011001D, 0x01D3001D, 0x1F00, 0x00100001),
    (8192, 16, 0, 128, 0x0011000F, 0x0101000F, 0x1F00, 0x00100001),
    (8192, 2, 0, 4096, 0x001100F6, 0x010800F6, 0x1F00, 0x00100001),
    (8192, 1, 300, 0, 0x001301EC, 0x001301EC, 0x1EE0, 0x00120001),
    # Rounded down to 496 MB, where the C driver had 500 in its books and 496 in the registers.
    (8192, 4, 0, 500, 0x0011001E, 0x006E001E, 0x1F00, 0x00100001),
    (8190, 1, 0, 0, 0x001101ED, 0x001101ED, 0x1EFE, 0x00100001),
    (8190, 2, 0, 0, 0x001100F6, 0x010800F6, 0x1EFE, 0x00100001),
    (8190, 3, 0, 0, 0x001100A3, 0x015900A3, 0x1EFE, 0x00100001),
    (8190, 4, 0, 0, 0x0011007A, 0x0182007A, 0x1EFE, 0x00100001),
    (8190, 8, 0, 0, 0x0011003C, 0x01BC003C, 0x1EFE, 0x00100001),
    (8190, 16, 0, 0, 0x0011001D, 0x01D3001D, 0x1EFE, 0x00100001),
    (8190, 4, 8192, 0, 0x01BF000F, 0x01EF000F, 0x041E, 0x01BE0001),
    (8190, 16, 8192, 0, 0x00FF000F, 0x01EF000F, 0x101E, 0x00FE0001),
]
CARD = {8190: "card0", 8192: "card1", 4096: "card2"}
GPU_IOV = 0x400


def registers(gim, name, vfs):
    """VFn_FB of the VFs, TOTAL_FB_CONSUMED and CNTXT."""
    offsets = " ".join(f"{GPU_IOV + offset:x}.{width}" for offset, width in (
        *((0x2C + 4 * i, "l") for i in range(vfs)), (0x26, "w"), (0x20, "l")))
    *fb, consumed, context = (int(value, 16) for value in gim.sh(
        f"setpci -s {gim.machine.address(name)} {offsets}").split())
    return fb, consumed, context


@pytest.mark.parametrize(("vfs", "pf_fb", "vf_fb"), sorted({row[1:4] for row in TABLE}))
def test_table(gim, by_hand, vfs, pf_fb, vf_fb):
    gim.load(f"vf_num={vfs} pf_fb={pf_fb} vf_fb={vf_fb}")
    for total, *key, first, last, consumed, context in TABLE:
        if tuple(key) != (vfs, pf_fb, vf_fb):
            continue
        gim.bind(CARD[total])
        fb, seen_consumed, seen_context = registers(gim, CARD[total], vfs)
        assert (fb[0], fb[-1], seen_consumed, seen_context) == (first, last, consumed, context)
        steps = {(b >> 16) - (a >> 16) for a, b in zip(fb, fb[1:], strict=False)}
        assert steps <= {(first & 0xFFFF) + 1}, "VFs do not follow each other"


def test_log_says_who_has_what(gim):
    gim.load("vf_num=16")
    said = [line for line in gim.said() if gim.machine.address("card0") in line]
    assert said.pop(0).endswith("VBIOS 113-C94501-100, version 015.049.000.000.000000, built 2026/11/22 12:00")
    assert said[0].endswith("S7150 with 8190 MB of framebuffer, up to 16 VFs, VBIOS 15.31")
    assert said[1].endswith("PF: framebuffer 256 MB at 0 MB, context save area 8 MB at 256 MB")
    assert said[2].endswith("VF1 to VF16: framebuffer 480 MB each, one after the other from 272 MB")
    # A summary: five lines at most. Each VF's own line is for who looks for it.
    assert len(said) <= 5
    lines = gim.sh(f"cat /sys/kernel/debug/gim/{gim.machine.address('card0')}/framebuffer").splitlines()
    assert lines[2:18] == [f"VF{vf + 1}: framebuffer 480 MB at {272 + 480 * vf} MB" for vf in range(16)]


def test_fewer_vfs_when_memory_is_short(gim):
    gim.load("vf_num=16")
    # 4096 MB less PF and context save area is room for 14 apertures of 256 MB.
    assert (gim.vfs("card0"), gim.vfs("card1"), gim.vfs("card2")) == (16, 16, 14)
    said = [line for line in gim.said() if gim.machine.address("card2") in line]
    assert any("framebuffer for 14 VFs, 16 asked for" in line for line in said)


def test_least_shares(gim):
    gim.load("vf_num=4 fb_option=1")
    fb, _, _ = registers(gim, "card0", 4)
    assert fb == [0x0011000F + (i << 20) for i in range(4)]


def test_the_aperture_shows_its_range_alone(gim):
    gim.load("vf_num=2")
    aperture = [int(line.split()[0], 16) for line in gim.sh(
        f"for i in 0 1; do head -n 1 {gim.path()}/virtfn$i/resource; done").splitlines()]
    gim.sh(f"echo 1 > {gim.path()}/enable; for i in 0 1; do echo 1 > {gim.path()}/virtfn$i/enable; done; "
           f"devmem {aperture[0]:#x} 32 0x11111111; devmem {aperture[1]:#x} 32 0x22222222")
    assert gim.sh(f"devmem {aperture[0]:#x}; devmem {aperture[1]:#x}").split() == ["0x11111111", "0x22222222"]
    # The same bytes through the card's window into all of its memory.
    mmio = int(gim.sh(f"sed -n 6p {gim.path()}/resource").split()[0], 16)

    def vram(mb):
        offset = mb << 20
        return gim.sh(f"devmem {mmio + 0x18:#x} 32 {offset >> 31:#x}; "
                      f"devmem {mmio:#x} 32 {0x80000000 | offset & 0x7FFFFFFF:#x}; devmem {mmio + 4:#x}")

    assert (vram(272), vram(272 + 3952)) == ("0x11111111", "0x22222222")
