# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""What is not known of the real card: each property of the open questions of section 8.5 makes the difference that it
promises. The defaults are in the other files.
"""

import contextlib

import pytest
from bare_card import Function, commands, start, wanted

pytestmark = wanted()

CONTROL = "b5@5340"


@contextlib.contextmanager
def setting(card, name, value):
    """A property of a card, for as long as the block runs."""
    before = card.get(name)
    card.set(name, value)
    try:
        yield
    finally:
        card.set(name, before)


def test_the_strap_moves_vfs(pf, card):
    with setting(card, "strap-moves-vfs", True):
        assert pf.do("b5@38=1500008", "b5@3c=200004", "c2@344", "b5@3c=4", "c2@344") == [0x100, 0x10]


def test_status_of_4_bits(pf, card):
    card.set("command-latency-us", 50000)
    with setting(card, "status-4-bits", True):
        assert pf.do("fb", start("INIT"), "c1@410", "c1@40c~10=0", "c1@410") == [5, 0]


def test_errors_keep_execute(pf, card):
    card.set("fault-command", "op=INIT,status=0e,after-ms=1")
    with setting(card, "errors-keep-execute", True):
        assert pf.do("fb", start("INIT"), "c1@410~ff=e", "c1@40c") == [0x17]
    # The next command starts all the same.
    card.set("fault-command", "")
    pf.do(commands("INIT PF"))


@pytest.mark.parametrize("last", [False, True])
def test_the_place_of_the_pf_s_context(pf, card, last):
    with setting(card, "csa-pf-last", last):
        pf.do("fb", commands("INIT PF, RUN PF, IDLE PF, SAVE PF"))
        at = (256 << 20) + last * 16 * (256 << 10)
        assert pf.do("b5@18=0", f"b5@0={0x80000000 | at:x}", "b5@4") == [0x43535631]
        # It loads, but the engines do not stop any more.
        pf.do("b5@4=0", commands("LOAD PF, RUN PF"), start("IDLE"), "c1@40c~10=0")
        assert pf.get("c1@410") == 0x0E
        card.set("counters-reset", True)


def test_scratch_address_that_stays(pf, card):
    with setting(card, "scratch-increments", False):
        assert pf.do("b5@3ed10=5", "b5@3ed14=1", "b5@3ed14", "b5@3ed10") == [1, 5]


def test_acknowledgement_that_can_be_read(pf, card, vfs):
    with setting(card, "mailbox-rcv-ack-readable", True):
        vfs[0].do(f"{CONTROL}=1")
        assert pf.do(f"{CONTROL}=200", CONTROL) == [0x200]
        vfs[0].do(f"{CONTROL}=0")
        assert pf.get(CONTROL) == 0


def test_a_mailbox_that_its_vf_s_reset_empties(pf, card, vfs):
    with setting(card, "flr-clears-mailbox", True):
        vfs[0].do(f"{CONTROL}=1", "flr")
        assert pf.get(CONTROL) == 0


def test_overflow_hidden_while_it_is_being_cleared(pf, card):
    with setting(card, "ih-overflow-clear-level", True):
        pf.do("b5@38c4=100000", "b5@38f0=2", "b5@38c0=8022008d")
        card.set("fault-ih", "source=e5,count=16")
        assert pf.do("b5@38cc", "b5@38c0=22008d", "b5@38cc") == [0, 1]


def test_idle_that_fails_after_a_reset(pf, card, vfs):
    with setting(card, "flr-needs-rlcv", True):
        pf.do(commands("INIT VF1, RUN VF1"))
        vfs[0].do("flr")
        pf.do(start("IDLE", "VF1"), "c1@40c~10=0")
        assert pf.get("c1@410") == 0x0E
        pf.do(commands("LOAD_RLCV VF1, IDLE VF1, SAVE VF1"))


@pytest.mark.parametrize(("value", "left"), [("always", [0, 0]), ("never", [1, 7])])
def test_when_a_reset_takes_rlcv_with_it(pf, card, vfs, value, left):
    with setting(card, "flr-resets-rlcv", value):
        pf.do("b5@3ed10=20", "b5@3ed14=7")
        vfs[0].do("flr")
        assert pf.do("b5@3ed18", "b5@3ed10=20", "b5@3ed14") == left


def test_a_vf_that_does_not_run_is_blocked(pf, card, vfs):
    one = vfs[0]
    one.do("b5@30100=5")
    with setting(card, "vf-mmio-block", True):
        assert one.do("b5@30100=6", "b5@30100", "b5@540c", "b5@5428", f"{CONTROL}=1", CONTROL) == [
            0xFFFFFFFF, 0x80000001, 480, 1]
        pf.do(commands("INIT VF1, RUN VF1"))
        assert one.get("b5@30100") == 5


@pytest.mark.allow_driver_errors
def test_illegal_commands_that_fail(pf, card, vfs):
    with setting(card, "illegal-status", 0x0E):
        pf.do(start("RUN", "VF1"), "c1@40c~10=0")
        assert pf.get("c1@410") == 0x0E


@wanted(cards=["debug-regs=on,fault-bus-reset-ms=300"], fresh=True)
def test_test_registers_and_a_card_that_comes_back_late(machine, pf, card, vfs):
    assert vfs[2].do("b5@3ff00", "b5@3ff04", "flr", "b5@3ff0c") == [0x53373135, 3, 1]
    vfs[2].do("c2@4=4", "b5@3ff10=10000000", "b5@3ff18=abcd", "b5@3ff1c=1")
    assert pf.get("p@10000000") == 0xABCD
    port = machine.sh(f"basename $(dirname $(readlink -f /sys/bus/pci/devices/{pf.address}))")
    machine.sh(f"setpci -s {port} BRIDGE_CONTROL=40:40 && setpci -s {port} BRIDGE_CONTROL=0:40")
    assert Function(machine, pf.address).do("c4@0", "c4@0~ffffffff=69291002") == [0xFFFFFFFF]
