# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The fault knobs: section 7.2 of the hardware reference. Those of mailbox and ring are in test_mailbox.py."""

import pytest
from bare_card import DONE, commands, start, wanted
from qemu.qmp import QMPError

pytestmark = wanted()


def test_a_command_that_never_ends(pf, card, vfs):
    card.set("fault-command", "op=INIT,function=VF3,never")
    pf.do(commands("INIT VF2, RUN VF2, IDLE VF2, SAVE VF2"), start("INIT", "VF3"), "us=20000")
    assert pf.do("c4@40c", "c1@410") == [0x8217, 0], "EXECUTE stays, as seen on silicon"
    gpu = card.json("gpu")["command"]
    assert (gpu["op"], gpu["function"], gpu["stuck"]) == ("INIT", "VF3", True)
    assert card.json("command-time")["VF3"] >= 20_000_000
    assert card.json("command-log")[-1]["end"] == -1
    vfs[2].do("flr")
    assert pf.do("c4@40c", "c1@410") == [0x8207, 0], "the VF's reset ends it"
    assert card.json("counters")["command-faults"] == 1


def test_which_commands_and_how_often(pf, card):
    pf.do("fb")
    card.set("fault-command", "op=RUN,status=0f,skip=1,count=2; op=SAVE,function=VF1,status=0e")
    pf.do(commands("INIT PF, RUN PF, IDLE PF, SAVE PF, LOAD PF"))
    for status in (0x0F, 0x0F, 0):
        pf.do(start("RUN"), "c1@40c~10=0")
        assert pf.get("c1@410") == status
    assert card.json("counters")["command-faults"] == 2


def test_late_commands_and_a_status_that_lags(pf, card):
    pf.do("fb")
    card.set("fault-command", "op=INIT,after-ms=50; op=RUN,lag-ms=50")
    pf.do(commands("INIT PF"))
    entry = card.json("command-log")[-1]
    assert entry["end"] - entry["start"] >= 50_000_000 and entry["status"] == 0
    assert pf.do(start("RUN"), "c1@40c~10=0", "c1@410", *DONE, "c1@410") == [0x14, 0]


def test_rules_until_a_reset(pf, card, vfs):
    card.set("fault-command", "op=INIT,function=VF1,status=0e,until=flr")
    for status in (0x0E, 0x0E):
        pf.do(start("INIT", "VF1"), "c1@40c~10=0")
        assert pf.get("c1@410") == status
    vfs[1].do("flr")
    pf.do(start("INIT", "VF1"), "c1@40c~10=0")
    assert pf.get("c1@410") == 0x0E, "another VF's reset does not count"
    vfs[0].do("flr")
    pf.do(commands("INIT VF1"))


@pytest.mark.parametrize(("knob", "text"), [("fault-command", "op=NONSENSE"), ("fault-command", "function=VF17"),
                                            ("fault-gone", "soon"), ("fault-ih", "source=fff"),
                                            ("fault-register", "NO_SUCH=1"), ("fault-config-write", "x"),
                                            ("fault-mailbox", "drop=all")])
def test_rules_that_are_not_understood_are_refused(card, knob, text):
    with pytest.raises(QMPError, match="not understood"):
        card.set(knob, text)
    assert card.get(knob) == "", "the old rule stays"


def test_a_card_that_is_gone(pf, card):
    card.set("fault-gone", "now")
    ones = 0xFFFFFFFF
    assert pf.do("c4@0", "c1@40c", "b5@5428", "b5@5428=5", "b2@7a0=0", "b0@0", "c2@4=0") == [ones, 0xFF, ones, ones]
    card.set("fault-gone", "")
    assert pf.do("c4@0", "c2@4", "b5@5428") == [0x69291002, 7, 8190], "nothing was written"


def test_a_card_that_goes_later_and_one_that_comes_back(pf, card):
    card.set("fault-gone", "after=3")
    assert pf.do("b5@5428", "b5@5428", "b5@5428", "b5@5428") == [8190, 8190, 8190, 0xFFFFFFFF]
    card.set("fault-gone", "")
    card.set("fault-gone", "ms=1000")
    assert pf.do("b5@5428", "b5@5428~ffffffff=1ffe", "b5@5428") == [0xFFFFFFFF, 8190]


def test_registers_that_read_as_something_else(pf, card, vfs):
    card.set("fault-register", "RLC_GPM_STAT=ffffffff; 5428=10; VF2:SCRATCH_REG0=7; RLC_GPU_IOV_SCRATCH_ADDR=5")
    assert pf.do("b5@3b100", "b5@5428", "b5@3ed10=1", "b5@3ed14", "b5@3ed10", "b5@30100") == [0xFFFFFFFF, 0x10, 0, 5, 0]
    assert (vfs[1].get("b5@30100"), vfs[0].get("b5@30100")) == (7, 0)
    card.set("fault-register", "5428=10,count=2; RLC_GPM_STAT=ffffffff")
    assert pf.do("b5@5428", "b5@5428", "b5@5428", "b5@3b100") == [0x10, 0x10, 8190, 0xFFFFFFFF]


def test_configuration_writes_that_have_no_effect(pf, card):
    card.set("fault-config-write", "GPUIOV_CNTXT; 426; COMMAND")
    assert pf.do("c4@420=100001", "c4@420", "c2@426=5", "c2@426", "c4@42c=5", "c4@42c", "c2@4=0", "c2@4") == [
        0, 0, 5, 7]


def test_a_vf_s_reset_that_does_nothing(pf, card, vfs):
    vfs[0].do("b5@30100=5")
    card.set("fault-flr", True)
    assert vfs[0].do("c2@60=8000", "c2@60", "b5@30100") == [0, 5]
    card.set("fault-flr", False)
    card.set("fault-flr-ms", 100)
    assert vfs[0].do("c2@60=8000", "c2@0", "b5@30100", "c2@8~ffff=0") == [0xFFFF, 0]
    card.set("fault-flr-ms", 0)
    assert card.json("counters")["vf-flrs"] == 1


@wanted(fresh=True)
def test_a_bus_reset_that_does_not_bring_the_card_back(pf, card):
    card.set("fault-bus-reset", True)
    port = pf.machine.sh(f"basename $(dirname $(readlink -f /sys/bus/pci/devices/{pf.address}))")
    # Not through Linux, which would wait a minute for the card.
    pf.machine.sh(f"setpci -s {port} BRIDGE_CONTROL=40:40 && setpci -s {port} BRIDGE_CONTROL=0:40")
    assert pf.get("c4@0") == 0xFFFFFFFF
    assert card.json("gpu")["gone"] is True
    assert card.json("counters")["bus-resets"] == 1
