# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Resets of VFs, of the PF and of the bus: sections 2.6, 4.11, 4.12, 7.1 and 7.5 of the hardware reference."""

import pytest
from bare_card import NATIVE_HOTPLUG, commands, start, wanted

pytestmark = wanted()


def test_a_vf_s_reset_touches_nobody_else(pf, card, vfs):
    pf.do("b5@3b124=20003c", "b5@3ed10=20", "b5@3ed14=10000")
    vfs[0].do("b5@30100=5", "b5@38c0=1")
    vfs[1].do("b5@30100=6", "c2@4=4", "flr", "c2@4=0")
    assert vfs[1].do("b5@30100", "b5@38c0", "b5@3b100") == [0, 0, 0x17]
    assert vfs[0].do("b5@30100", "b5@38c0") == [5, 1]
    assert pf.do("b5@3b124", "b5@3ed10=20", "b5@3ed14", "c4@430") == [0x20003C, 0x10000, 0x2F001D]
    assert card.json("counters")["vf-flrs"] == 1


def test_a_running_vf_may_be_reset_by_the_host(pf, card, vfs):
    pf.do(commands("INIT VF1, RUN VF1"))
    vfs[0].do("flr")
    pf.do(commands("IDLE VF1, SAVE VF1, LOAD PF, RUN PF, IDLE PF, SAVE PF"))
    assert card.driver_errors() == 0


def test_a_reset_shows_until_the_vf_is_made_ready(pf, card, vfs):
    shown = ("b5@5348", "b5@3ed30", "c4@418")
    vfs[1].do("flr")
    vfs[0].do("flr")
    assert pf.do(*shown) == [3, 3, 3]
    pf.do(commands("INIT VF1, RUN VF1, IDLE VF1, SAVE VF1"))
    assert pf.do(*shown) == [2, 2, 2]
    pf.do(commands("INIT VF2"))
    assert pf.do(*shown) == [0, 0, 0]
    card.set("flr-shows", False)
    vfs[1].do("flr")
    assert pf.do(*shown) == [0, 0, 0]


def test_recovery_of_a_vf_that_hangs(pf, card, vfs):
    """Sections 4.11 and 2.5: IDLE ends with a status, the VF is reset and its state loaded again."""
    card.set("fault-command", "op=IDLE,function=VF1,status=0e,after-ms=100,until=flr")
    pf.do(commands("INIT VF2, RUN VF2, IDLE VF2, SAVE VF2, INIT VF1, RUN VF1, SAVE_RLCV VF1"))
    assert pf.do(start("IDLE", "VF1"), "c1@40c~10=0", "c1@40c", "c1@410") == [1, 0x0E]
    entry = card.json("command-log")[-1]
    # A busy host may be late, but not early.
    assert 100_000_000 <= entry["end"] - entry["start"] < 1_000_000_000 and entry["status"] == 0x0E
    pf.do("b5@38=14000c0", "b5@3c=40000000", "b5@38=140010c", "b5@3c=f10000")
    vfs[0].do("c2@4=4", "flr")
    assert pf.do("b5@3ed18", "b5@3ed10=20", "b5@3ed14") == [0, 0], "RLC-V is halted, its memory lost"
    pf.do("b5@3b114=f", "b5@3ed18=1", "b5@3b000=1", commands("LOAD_RLCV VF1, IDLE VF1, SAVE VF1, LOAD VF2, RUN VF2"))
    assert card.driver_errors() == 0
    assert card.json("gpu")["function"] == "VF2"
    pf.do("b5@38=14000c0", "b5@3c=0", "b5@38=140010c", "b5@3c=0")


@pytest.mark.allow_driver_errors
def test_a_command_while_rlcv_is_halted_never_ends(pf, card, vfs):
    pf.do("b5@3ed18=0", start("LOAD"), "us=10000")
    assert pf.do("c1@40c", "c1@410") == [0x13, 0]
    assert "RLC-V is halted" in card.driver_error_log()


def test_the_straps_decide_what_a_vf_s_reset_keeps(pf, vfs):
    vf = vfs[3]
    for keep, left in ((0, [0, 0]), (0xF00000, [4, 1])):
        pf.do("b5@38=140010c", f"b5@3c={keep:x}")
        assert vf.do("c2@4=4", "c4@a4=fee00000", "c2@a2=81", "c2@60=8000", "c2@4", "c2@a2") == [
            left[0], 0x80 | left[1]]
    pf.do("b5@3c=0")


def test_a_pf_reset_keeps_the_card_posted(pf, card, vfs):
    pf.do(commands("INIT VF1, RUN VF1"), "flr", "c2@4=7")
    assert pf.do("b5@5428", "b5@1740", "c2@338", "c4@42c", "c4@420") == [8190, 0x200, 0, 0, 0]
    gpu = card.json("gpu")
    assert (gpu["phase"], gpu["slots"], gpu["function"]) == ("free", [], None)
    assert card.json("counters")["pf-flrs"] == 1


@wanted(fresh=True, qemu_args=NATIVE_HOTPLUG)
@pytest.mark.allow_driver_errors
def test_a_bus_reset_leaves_the_card_unposted(pf, card):
    device = f"/sys/bus/pci/devices/{pf.address}"
    pf.do("b5@3ed10=20", "b5@3ed14=1", "b5@38=1500008", "b5@3c=4")
    # Linux offers the reset of the bus if nobody else is on it.
    pf.enable(1)
    pf.disable()
    pf.machine.sh(f"cat {device}/reset_method; echo bus > {device}/reset_method && echo 1 > {device}/reset")
    assert card.json("counters")["bus-resets"] == 1
    assert pf.do("b5@5428", "b5@1740", "b5@2024", "b5@38=1500008", "b5@3c", "b5@200=80000370", "b5@204") == [
        0, 0, 0, 0x200004, 0]
    assert card.json("gpu")["posted"] is False
    pf.do(start("INIT"), "us=10000")
    assert pf.do("c1@40c", "c1@410") == [0x17, 0]
    assert "not posted" in card.driver_error_log()
    assert pf.do("b5@200=c0000004", "b5@204", "b5@200=80000000", "b5@204") == [0x80, 1], "the SMC is in reset"


@wanted(fresh=True, cards=["posted=off"])
def test_a_cold_card_is_posted_by_what_asic_init_writes(pf, card):
    posted = ("b5@2024=f5fff400", "b5@2c04=f4000000", "b5@208=80000000", "b5@20c=0", "b5@3b000=1", "b5@3ed18=1",
              "b5@5428=1ffe", "b5@1740=200")
    pf.do("b5@3ed18=0", *posted)
    assert pf.do("b5@208=80000370", "b5@20c", "b5@208=3f800", "b5@20c", "b5@208=c0000004", "b5@20c") == [
        0x20100, 1, 0x10080]
    pf.do("fb", commands("INIT PF, RUN PF, IDLE PF, SAVE PF"))
    assert card.json("gpu")["posted"] is True


def test_state_to_compare(pf, card):
    """What a driver has to put back shows, and nothing else changes it."""
    before = card.json("state")
    pf.do("b5@3b100", "c4@0")
    assert card.json("state") == before
    pf.do("b5@5344=3", "c4@420=100001", "b5@698=c0200048", "b5@69c=0", "c4@158=ffffffff")
    after = card.json("state")
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"MAILBOX_INT_CNTL", "GPUIOV_CNTXT", "CG_INTERRUPT_STATUS", "UNCORR_ERR_MASK"}
