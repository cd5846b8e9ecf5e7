# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The mailbox between PF and VFs, and the interrupt ring: sections 3.5, 3.6, 4.7 and 4.8 of the hardware reference."""

import pytest
from bare_card import PAGE, wanted

pytestmark = wanted()

RING, WRITEBACK, MSI = PAGE, PAGE + 0x1000, PAGE + 0x2000
INDEX, TRN, RCV, CONTROL, INT = "b5@5318", "b5@5320", "b5@5330", "b5@5340", "b5@5344"


def ring(log2_dwords=10, cntl=0x80220181):
    """Section 4.7: a ring with write-back, its read pointer as doorbell 1e8."""
    return (f"p@{WRITEBACK:x}=0", "b5@38c0=0", "b5@38c8=0", "b5@38cc=0", f"b5@38c4={RING >> 8:x}", "b5@38f0=2",
            f"b5@38d4={WRITEBACK:x}", "b5@38d0=0", "b5@3908=100001e8", "b5@5404=1", "b2@7a0=0", "b5@38c8=0",
            f"b5@38c0={cntl & ~0x3e | log2_dwords << 1:x}")


def msi():
    """An MSI that is a write to memory, so that it can be seen without a driver."""
    return (f"p@{MSI:x}=0", f"c4@a4={MSI:x}", "c4@a8=0", "c2@ac=4d53", "c2@a2=81")


def entry(pf, offset):
    """Source and data of an entry."""
    first, second = pf.do(f"p@{RING + offset:x}", f"p@{RING + offset + 4:x}")
    return first & 0xFF, second


def test_from_vf_to_pf_and_back(pf, card, vfs):
    vf = vfs[2]
    pf.do(*ring(), f"{INT}=3")
    vf.do(f"{TRN}=1", "b5@532c=1234", f"{CONTROL}=1")
    assert entry(pf, 0) == (0x89, 2), "the PF is told which VF"
    assert pf.do(f"{INDEX}=2", CONTROL, RCV, "b5@533c", f"{INDEX}=3", CONTROL, RCV) == [0x100, 1, 0x1234, 0, 0]
    assert vf.get(CONTROL) == 1, "not acknowledged yet"
    assert pf.do(f"{INDEX}=2", f"{CONTROL}=200", CONTROL) == [0]
    assert vf.do(CONTROL, f"{CONTROL}=0", CONTROL) == [3, 0], "hardware clears the ack with the message"
    # READY
    pf.do(f"{TRN}=1", f"{CONTROL}=1")
    assert vf.do(CONTROL, RCV, f"{CONTROL}=200", CONTROL) == [0x100, 1, 0]
    assert entry(pf, 16) == (0x88, 2)
    assert pf.do(CONTROL, f"{CONTROL}=0", CONTROL) == [3, 0]
    assert card.json("counters")["ih-entries"] == 2


def test_rules_of_valid_and_ack(pf, vfs):
    vf = vfs[0]
    # An acknowledgement of nothing has no effect; a second one neither.
    assert pf.do(f"{INDEX}=0", f"{CONTROL}=200", CONTROL) == [0]
    assert vf.get(CONTROL) == 0
    # New data of a message that is there is seen at once.
    vf.do(f"{TRN}=1", f"{CONTROL}=1", f"{TRN}=2")
    assert pf.get(RCV) == 2
    # To take a message back takes it from the receiver.
    vf.do(f"{CONTROL}=0")
    assert pf.do(CONTROL, f"{CONTROL}=200") == [0]
    assert vf.get(CONTROL) == 0
    # Bits that are read-only stay as they are; the index is the PF's alone.
    assert vf.do(f"{CONTROL}=102", CONTROL, f"{INDEX}=5", f"{TRN}=77") == [0]
    assert pf.do(f"{INDEX}=0", RCV, f"{INDEX}=5", RCV) == [0x77, 0]


@pytest.mark.allow_driver_errors
def test_received_data_is_read_only(pf, card, vfs):
    assert pf.do(f"{RCV}=5", RCV) == [0]
    assert "MAILBOX_MSGBUF_RCV_DW0, which is read-only" in card.driver_error_log()


def test_without_interrupts_nothing_is_written(pf, card, vfs):
    pf.do(*ring(), f"{INT}=2")
    vfs[0].do(f"{CONTROL}=1")
    assert card.json("counters")["ih-entries"] == 0
    pf.do(f"{CONTROL}=200")
    assert vfs[0].get(CONTROL) == 3


def test_a_mailbox_survives_its_vf_s_reset(pf, vfs):
    vfs[0].do(f"{TRN}=5", f"{CONTROL}=1", "flr")
    assert pf.do(CONTROL, RCV, f"{CONTROL}=200") == [0x100, 5]
    assert vfs[0].get(CONTROL) == 3


def test_a_vf_has_a_ring_of_its_own(pf, vfs):
    vf = vfs[0]
    vf.do("c2@4=4", *ring(), f"{INT}=3", *msi())
    pf.do(f"{TRN}=1", f"{CONTROL}=1")
    assert entry(pf, 0) == (0x87, 0)
    vf.do(f"{TRN}=1", f"{CONTROL}=1")
    pf.do(f"{CONTROL}=201")
    assert entry(pf, 16) == (0x8A, 0)
    assert pf.do(f"p@{MSI:x}", f"p@{WRITEBACK:x}") == [0x4D53, 0x20]


# The ring itself

def test_an_entry_a_write_back_and_an_msi(pf, card):
    pf.do(*ring(), *msi())
    card.set("fault-ih", "source=e5,data=12345678")
    assert entry(pf, 0) == (0xE5, 0x2345678)
    assert pf.do(f"p@{WRITEBACK:x}", "b5@38cc", f"p@{MSI:x}") == [16, 16, 0x4D53]
    # One MSI, until the read pointer is written.
    pf.do(f"p@{MSI:x}=0")
    card.set("fault-ih", "source=e5,data=0")
    assert pf.get(f"p@{MSI:x}") == 0
    assert pf.do("b2@7a0=10", f"p@{MSI:x}") == [0x4D53], "what is left is told at once"
    assert pf.do("b2@7a0=20", f"p@{MSI:x}=0", f"p@{MSI:x}", "b5@38c8") == [0, 0x20]
    card.set("fault-ih", "source=e5,data=0")
    assert pf.get(f"p@{MSI:x}") == 0x4D53
    assert card.json("counters")["msis"] == 3


def test_overflow(pf, card):
    pf.do(*ring(log2_dwords=6))
    card.set("fault-ih", "source=e5,data=0,count=15")
    assert pf.get("b5@38cc") == 0xF0
    card.set("fault-ih", "source=e5,data=0")
    assert pf.do("b5@38cc", f"p@{WRITEBACK:x}") == [1, 1], "wrapped, with the overflow bit"
    assert card.json("counters")["ih-overflows"] == 1
    assert pf.do("b5@38c0=8022018d", "b5@38cc") == [0], "cleared"


def test_a_ring_that_is_full_and_may_not_overflow(pf, card):
    pf.do(*ring(log2_dwords=6), "b5@38f0=0")
    card.set("fault-ih", "source=e5,data=0,count=40")
    assert pf.do("b5@38cc") == [0xF0]
    assert card.json("counters")["ih-entries"] == 15


def test_a_lost_msi(pf, card):
    card.set("fault-msi-lost", True)
    pf.do(*ring(), *msi())
    card.set("fault-ih", "source=e5,data=0")
    assert pf.do(f"p@{MSI:x}", "b5@38cc") == [0, 16]


def test_a_write_pointer_in_memory_that_is_wrong(pf, card):
    pf.do(*ring(), *msi())
    card.set("fault-ih-wptr", "stuck")
    card.set("fault-ih", "source=e5,data=0")
    assert pf.do(f"p@{WRITEBACK:x}", "b5@38cc", f"p@{MSI:x}", f"p@{MSI:x}=0") == [0, 16, 0x4D53]
    card.set("fault-ih-wptr", "ffffffff")
    assert pf.do(f"p@{WRITEBACK:x}", f"p@{MSI:x}") == [0xFFFFFFFF, 0x4D53], "at once"
    card.set("fault-ih", "source=e5,data=0")
    assert pf.do(f"p@{WRITEBACK:x}", "b5@38cc") == [0xFFFFFFFF, 32]
    card.set("fault-ih-wptr", "")
    assert pf.get(f"p@{WRITEBACK:x}") == 32


@pytest.mark.allow_driver_errors
def test_bus_mastering_and_the_ring(pf, card):
    pf.do("c2@4=3", *ring())
    assert "enabled while bus mastering is off" in card.driver_error_log()
    card.set("fault-ih", "source=e5,data=0")
    assert "was refused" in card.driver_error_log()
    card.set("driver-errors-clear", True)
    pf.do("c2@4=7")
    assert card.driver_errors() == 0
    pf.do("c2@4=3")
    assert "switched off while the interrupt ring is enabled" in card.driver_error_log()
    pf.do("b5@38c0=0", "c2@4=7", "c2@4=3", "c2@4=7")
    assert card.driver_errors() == 1


# Faults of the mailbox

@pytest.mark.parametrize(("knob", "value"), [("fault-ack-lost", True), ("fault-mailbox", "drop=ack,to=vf,once")])
def test_a_lost_acknowledgement(pf, card, vfs, knob, value):
    card.set(knob, value)
    vfs[0].do(f"{CONTROL}=1")
    pf.do(f"{CONTROL}=200")
    assert vfs[0].get(CONTROL) == 1


def test_lost_and_doubled_messages(pf, card, vfs):
    pf.do(*ring(), f"{INT}=3")
    card.set("fault-mailbox", "drop=valid,to=pf,function=VF2,count=1; dup=valid,to=pf")
    vfs[1].do(f"{CONTROL}=1")
    assert card.json("counters")["ih-entries"] == 0
    vfs[0].do(f"{CONTROL}=1")
    assert (entry(pf, 0), entry(pf, 16)) == ((0x89, 0), (0x89, 0))
