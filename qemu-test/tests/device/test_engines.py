# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The engines for a guest's real driver, with rings in the VF's memory: section 6.2 of the hardware reference."""

import pytest
from bare_card import commands, wanted
from rings import RING, SCRATCH, TARGET, gfx_ring, write

pytestmark = wanted()


# SET_UCONFIG_REG of SCRATCH_REG0; WRITE_DATA of two dwords to memory
PACKETS = (0xC0017900, 0x40, 0xDEADBEEF, 0xC0043700, 0x500, TARGET, 0, 0x11, 0x22)


def test_packets_of_the_gfx_ring(vf):
    assert vf.do(*gfx_ring(*PACKETS), SCRATCH, f"b0@{TARGET:x}", f"b0@{TARGET + 4:x}", f"b0@{TARGET + 0x100:x}",
                 "b5@8700") == [0xDEADBEEF, 0x11, 0x22, len(PACKETS), len(PACKETS)]


def test_a_ring_waits_until_its_vf_runs(pf, vf):
    pf.do(commands("IDLE VF1, SAVE VF1"))
    assert vf.do(*write(TARGET, 0), *gfx_ring(*PACKETS), SCRATCH, f"b0@{TARGET:x}") == [0, 0]
    pf.do(commands("LOAD VF1, RUN VF1"))
    assert vf.do(SCRATCH, f"b0@{TARGET:x}") == [0xDEADBEEF, 0x11]


@pytest.mark.parametrize("words", [
    # A packet longer than the ring's content; one that lacks what it needs; memory and registers that are not there
    (0xC3FF3700, 0x500), (0xC0003700, 0x500), (0xC0033700, 0x500, 0xFFFFFFF0, 0xFF, 1),
    (0xC0033700, 0, 0xFFFFFFFF, 0, 1), (0xC0023F00, 0, 0, 0xFFFFF), (0xC0023F00, RING, 0, 4)])
def test_nonsense_of_a_guest_does_no_harm(vf, words):
    """Also a buffer that contains itself."""
    vf.do(*write(RING + 0x100, 0), *gfx_ring(*words))
    assert vf.do(*gfx_ring(*PACKETS), "b5@3b100") == [0x17]


def test_sdma_writes_fills_and_fences(vf):
    packets = (2, TARGET, 0, 1, 0x55, 11, TARGET + 0x10, 0, 0x66666666, 8, 5, TARGET + 0x20, 0, 0x77)
    vf.do(*write(RING, *packets), "b5@d220=0", f"b5@d224={TARGET + 0x100:x}", f"b5@d204={RING >> 8:x}", "b5@d208=0",
          f"b5@d210={4 * len(packets):x}", "b5@d200=11", f"b0@{TARGET + 0x20:x}~ffffffff=77")
    assert vf.do(f"b0@{TARGET:x}", f"b0@{TARGET + 0x14:x}", "b5@d20c", f"b0@{TARGET + 0x100:x}") == [
        0x55, 0x66666666, 4 * len(packets), 4 * len(packets)]


def test_buffers_that_contain_themselves_come_to_an_end(vf):
    """16 calls of a buffer of 2^18 dwords that begins with them, three deep, would be 2^30 dwords to look at."""
    vf.do(*write(0x100000, *[0xC0023F00, 0x100000, 0, 0x40000] * 16))
    vf.do(*gfx_ring(0xC0023F00, 0x100000, 0, 0x40000))
    assert vf.do(SCRATCH, "b5@3b100") == [0, 0x17]
    # The engine hangs, as it does on silicon: what follows is not looked at.
    assert vf.do(*gfx_ring(*PACKETS), SCRATCH) == [0xDEADBEEF]
