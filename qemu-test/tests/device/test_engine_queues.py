# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""What a guest's driver sees of the engines beyond packets: halts, waits, queues that the KIQ maps, the memory of
processes, and world switches in the middle of work."""

import pytest
from bare_card import commands, start, wanted
from rings import GFX_WPTR, RING, SCRATCH, SET_SCRATCH, TARGET, buffer, gfx_ring, sdma_ring, write, write_data

pytestmark = wanted()

QUEUE, MQD = 0x60000, 0x70000
# ME 2, pipe 1, queue 0 is the KIQ; ME 1, pipe 0, queue 3 is what it maps.
KIQ, DOORBELL, KIQ_DOORBELL = 0x09, 0x11, 0


def work(card, vf="VF1"):
    return card.json("engine-work")[vf]


def wait(register, value):
    return f"{register}~ffffffff={value:x}"


@pytest.mark.parametrize("bit", [24, 26, 28])
def test_a_halted_engine_does_nothing_until_it_is_let_go(vf, bit):
    assert vf.do(f"b5@86d8={1 << bit:x}", *gfx_ring(*SET_SCRATCH), SCRATCH, "b5@86d8=0", SCRATCH) == [0, 0xDEADBEEF]


def test_sdma_halts_too(vf):
    ring = sdma_ring(2, TARGET, 0, 1, 0x55)
    assert vf.do(*write(TARGET, 0), "b5@d048=1", *ring, f"b0@{TARGET:x}", "b5@d048=0", f"b0@{TARGET:x}") == [0, 0x55]


def test_a_ring_waits_for_memory(vf):
    """WAIT_REG_MEM: equal, memory."""
    vf.do(*write(TARGET, 0), *gfx_ring(0xC0053C00, 0x13, TARGET, 0, 7, 0xFF, 4, *SET_SCRATCH))
    assert vf.do(SCRATCH, *write(TARGET, 0x107), wait(SCRATCH, 0xDEADBEEF)) == [0]


def test_packets_are_left_out_on_a_condition(vf):
    """COND_EXEC over the next five dwords."""
    words = (0xC0032200, TARGET, 0, 0, 5, *write_data(TARGET + 4, 0x11), *SET_SCRATCH)
    assert vf.do(*write(TARGET, 0, 0), *gfx_ring(*words), f"b0@{TARGET + 4:x}", SCRATCH) == [0, 0xDEADBEEF]
    assert vf.do(*write(TARGET, 1), *gfx_ring(*words), f"b0@{TARGET + 4:x}") == [0x11]


def mqd(base, report):
    """A queue descriptor: the registers of a queue of 256 dwords from 0x80 on."""
    return [*write(MQD + 0x200 + 0x20, base >> 8, 0, 0, report, 0), *write(MQD + 0x200 + 0x44, 7)]


def kiq(*words):
    """The KIQ, set up register by register as its bank is selected, with these packets; its doorbell."""
    return (*write(RING, *words), f"b5@e44={KIQ:x}", "b5@c91c=0", f"b5@c934={RING >> 8:x}", "b5@c938=0", "b5@c93c=0",
            f"b5@c940={TARGET + 0x200:x}", "b5@c954=0", "b5@c958=7", f"b5@c950={1 << 30 | KIQ_DOORBELL << 2:x}",
            "b5@c91c=1", "b5@e44=0", "b5@3b2a8=c8", "b5@5404=1", f"b2@{4 * KIQ_DOORBELL:x}={len(words):x}")


MAP = (0xC004A200, 1 << 29, DOORBELL << 2 | 3 << 26, MQD, 0, 0, 0)
UNMAP = (0xC003A300, 1 << 29 | 1, DOORBELL << 2, 0, 0)


def test_the_kiq_maps_and_unmaps_queues(vf):
    vf.do(*mqd(QUEUE, TARGET + 0x300), *write(QUEUE, *write_data(TARGET, 0x77)), *kiq(*MAP))
    # The bank of the mapped queue: ME 1, queue 3
    assert vf.do("b5@e44=304", "b5@c91c", "b5@e44=0", f"b2@{4 * DOORBELL:x}=5", f"b0@{TARGET:x}",
                 f"b0@{TARGET + 0x300:x}") == [1, 0x77, 5]
    vf.do(*kiq(*UNMAP))
    assert vf.do("b5@e44=304", "b5@c91c", "b5@e44=0", *write(TARGET, 0), *write(QUEUE, *write_data(TARGET, 0x78)),
                 f"b2@{4 * DOORBELL:x}=5", f"b0@{TARGET:x}") == [0, 0]


def test_only_the_kiq_maps_queues(vf):
    vf.do(*mqd(QUEUE, 0), "b5@3b2a8=c8", *gfx_ring(*MAP))
    assert vf.do("b5@e44=304", "b5@c91c", "b5@e44=0") == [0]


# A process's memory: a directory, a table, and pages at 1000 (to write), 2000 (to read), 3000 (the buffer).
DIRECTORY, TABLE, READ_ONLY, PROCESS_BUFFER, VMID = 0x40000, 0x50000, 0x21000, 0x30000, 3


def process(*words):
    """A ring that calls a process's buffer with these packets."""
    return (*write(DIRECTORY, TABLE | 1, 0), *write(TABLE, 0, 0, TARGET | 0x61, 0, READ_ONLY | 0x21, 0,
                                                    PROCESS_BUFFER | 0x21, 0, 0, 0),
            *write(TARGET, 0), *write(READ_ONLY, 0), *write(PROCESS_BUFFER, *words), "b5@1414=3", "b5@1560=0",
            "b5@1580=fffff", f"b5@{0x153c + 4 * VMID:x}={DIRECTORY >> 12:x}",
            *gfx_ring(*buffer(0x3000, len(words), VMID), *SET_SCRATCH))


def test_a_process_has_memory_of_its_own(vf, card):
    assert vf.do(*process(*write_data(0x1000, 0x11)), f"b0@{TARGET:x}", SCRATCH) == [0x11, 0xDEADBEEF]
    assert work(card)["vm-faults"] == 0


@pytest.mark.parametrize("words", [
    # A page that it may only read, none at all, beyond its directory, beyond its address space, a register
    write_data(0x2000, 0x11), write_data(0x4000, 0x11), write_data(0x40000000, 0x11), write_data(0x1000000000, 0x11)])
def test_a_process_has_no_other_memory(vf, card, words):
    assert vf.do(*process(*words), f"b0@{TARGET:x}", f"b0@{READ_ONLY:x}", SCRATCH) == [0, 0, 0xDEADBEEF]
    assert work(card)["vm-faults"] == 1


def test_a_process_does_not_reach_registers(vf):
    assert vf.do("b5@30104=5", *process(*write_data(0x30104 // 4, 0x11, select=0)), "b5@30104") == [5]


def test_a_process_sees_no_other_vf_through_its_table(vf, pf):
    """An entry that names memory beyond the VF's: 480 MB of it."""
    vf.do(*process(*write_data(0x1000, 0x11)), *write(TABLE + 8, 480 << 20 | 0x61), *gfx_ring(
        *buffer(0x3000, 5, VMID), *SET_SCRATCH))
    # That memory, as VF2 has it at its offset 0
    assert pf.vf(2).do("b0@0") == [0]


# Half a second of work: a buffer that calls another 32 times, which clears the same 2 MB 32 times.
FILLS, CALLS = 0x80000, 0x90000
LONG = buffer(CALLS, 4 * 32)
FILL = (0xC0055000, 2 << 29, 0, 0, 0x400000, 0, 0x1FFFFC)
DEEP = (*write(FILLS, *FILL * 32), *write(CALLS, *buffer(FILLS, 7 * 32) * 32))
PACKETS = 2 * (32 * 32 + 32 + 1) + 1


def test_a_world_switch_stops_work_in_the_middle_and_goes_on_with_it(pf, vf, card):
    card.set("counters-reset", True)
    vf.do(*DEEP, *gfx_ring(*LONG, *LONG, *SET_SCRATCH), "us=1000")
    pf.do(commands("IDLE VF1, SAVE VF1"))
    before = work(card)["gfx"]
    assert before["suspended"] == 1 and 0 < before["packets"] < PACKETS
    # Another VF meanwhile has engines of its own.
    pf.do(commands("INIT VF2, RUN VF2"))
    other = pf.vf(2)
    assert other.do(*gfx_ring(*SET_SCRATCH), SCRATCH) == [0xDEADBEEF]
    pf.do(commands("IDLE VF2, SAVE VF2"))
    assert work(card)["gfx"] == before
    assert vf.do(SCRATCH) == [0]
    pf.do(commands("LOAD VF1, RUN VF1"))
    vf.machine.sh(f". lib.sh; wait_for 60 sh -c './poke {vf.address} {SCRATCH} | grep -q deadbeef'")
    # Each packet once
    assert work(card)["gfx"]["packets"] == PACKETS
    assert card.driver_errors() == 0


def test_where_the_engines_are_lies_in_the_context(pf, vf, card):
    """VF1's is the second of 256 KB each; behind its head of 24 bytes come the queues, the gfx ring first."""
    vf.do(*DEEP, *gfx_ring(*LONG, *LONG, *SET_SCRATCH), "us=1000")
    pf.do(commands("IDLE VF1, SAVE VF1"))
    card.set("fault-vram", f"offset={(256 << 20) + (256 << 10) + 24:x},xor=1")
    pf.do(commands("LOAD VF1, RUN VF1"))
    # The engines hang on it, whatever is written to them, and do not become idle.
    assert vf.do(f"b5@{GFX_WPTR:x}=b", "us=2000000", SCRATCH) == [0]
    pf.do(start("IDLE", "VF1"), "c1@40c~10=0")
    assert pf.get("c1@410") == 0x0E


def test_init_forgets_what_was_saved(pf, vf):
    vf.do(*DEEP, *gfx_ring(*LONG, *LONG, *SET_SCRATCH), "us=1000")
    pf.do(commands("IDLE VF1, SAVE VF1, INIT VF1, RUN VF1"))
    assert vf.do("us=2000000", SCRATCH, f"b5@{GFX_WPTR:x}") == [0, 0]


@pytest.mark.allow_driver_errors
def test_nothing_runs_for_a_vf_that_was_not_loaded(pf, vf, card):
    """RUN without LOAD is a driver's error, and does not start the VF's engines."""
    pf.do(commands("IDLE VF1, SAVE VF1"))
    vf.do(*gfx_ring(*SET_SCRATCH))
    pf.do(commands("INIT VF2, RUN VF2, RUN VF1"))
    assert vf.do(SCRATCH) == [0]
    assert "RUN to VF1, but it is not loaded (the GPU is running, of VF2)" in card.driver_error_log()


def test_a_ring_can_be_made_to_hang_until_its_vf_is_reset(pf, vf, card):
    card.set("fault-ring", "function=VF1,ring=gfx,until=flr")
    assert vf.do(*gfx_ring(*SET_SCRATCH), SCRATCH) == [0]
    # The other rings go on.
    assert vf.do(*write(TARGET, 0), *sdma_ring(2, TARGET, 0, 1, 0x55), f"b0@{TARGET:x}") == [0x55]
    pf.do(commands("IDLE VF1, SAVE VF1"))
    vf.do("flr")
    pf.do(commands("INIT VF1, RUN VF1"))
    assert vf.do(*gfx_ring(*SET_SCRATCH), SCRATCH) == [0xDEADBEEF]


def test_only_firmware_that_can_be_read_is_loaded(vf):
    """The table has SDMA0's (1), SDMA1's outside of the VF's memory (2), an empty one (3), and lacks the ME's (5)."""
    table, image = 0x80000, 0x81000
    entries = [word for number, high, size in ((1, 0, 64), (2, 0xFF, 64), (3, 0, 0))
               for word in (number, high, image, 0, 0, size, 0)]
    load = ("b5@290=0", "b5@250=250", f"b5@290={table:x}", "b5@250=251", "b5@290=2e", "b5@250=254")
    status = ("b5@6b0=3fc54", "b5@6b4")
    assert vf.do("b5@6b0=3fc54", "b5@6b4=0", *write(table, 1, 3, *entries), *write(image, 0x12345678), *load,
                 *status) == [2]
    assert vf.do("b5@6b4=0", *write(table, 7), *load, *status) == [0]
