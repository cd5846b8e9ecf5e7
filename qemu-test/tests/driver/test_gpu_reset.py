# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""A VF that hangs so that its own reset does not help: the bus is reset, the card is initialised by its VBIOS and set
up as it was, and all guests are told and can start again. A card that does not come back is given up, and can be
unbound.
"""

import pytest
from gim_module import state

from testbed import MODULE, program

pytestmark = [pytest.mark.slow, pytest.mark.machine(
    cards=["reglog=@reglog"], module_files=(MODULE,), warp=True, append="iomem=relaxed",
                                 files={"vfclient": program("vfclient")})]
# A command that does not end, and a reset of its VF that does nothing: only a reset of the bus helps.
HANG = "op=IDLE,function=VF2,never,until=reset"
NOTIFIED, OVER = 2, 3


def hang(gim, four):
    """Two VFs work; one of them hangs for good."""
    card = gim.machine.card(0)
    four.do("1 start", "2 start", "1 work 100000", "2 work 100000")
    card.set("fault-flr", True)
    card.set("fault-command", HANG)


@pytest.fixture
def four(gim, guests):
    gim.load("vf_num=4")
    return guests()


@pytest.fixture(autouse=True)
def mended(gim):
    """The card is as it should be afterwards, whatever a test has done to it."""
    yield
    if gim.machine.running:
        card = gim.machine.card(0)
        for name in ("fault-command", "fault-register", "fault-gone", "fault-config-write"):
            card.set(name, "")
        card.set("fault-flr", False)
        card.set("fault-bus-reset", False)


def test_all_start_again(gim, four):
    card = gim.machine.card(0)
    before, resets = state(card), card.json("counters")["bus-resets"]
    posts = card.json("register-counts")["CONFIG_MEMSIZE"].get("writes", 0)
    hang(gim, four)
    gim.wait_for("initialised by the driver: 8190 MB of memory", limit=60)
    four.do("1 sleep 500")
    said = "\n".join(gim.said())
    assert "resetting VF2" in said and "resetting the GPU" in said
    assert card.json("counters")["bus-resets"] == resets + 1 and card.json("gpu")["posted"]
    assert card.json("register-counts")["CONFIG_MEMSIZE"]["writes"] == posts + 1
    # All that the driver had set up is set up again.
    assert state(card) == before
    # Both were told before and afterwards: the last that they were sent is that it is over.
    assert [answer[-1] for answer in four.do("1 read 0x5330", "2 read 0x5330")] == [f"{OVER:08x}"] * 2
    # A new guest's driver, and those that were hit; messages still come with interrupts.
    card.set("fault-flr", False)
    four.do("1 start", "2 start", "3 start", limit=120)
    four.do(*(f"{vf} work 3000" for vf in (1, 2, 3)), *(f"{vf} wait 2000" for vf in (1, 2, 3)), limit=120)
    four.do("1 end", "2 end", "3 end")
    assert gim.vfs() == 4
    assert card.driver_errors() == 0, card.driver_error_log()


def test_the_notifications(gim, four):
    card = gim.machine.card(0)
    hang(gim, four)
    gim.wait_for("initialised by the driver", limit=60)
    four.do("1 sleep 500")
    card.set("reglog-flush", True)
    log = [line.split() for line in (gim.machine.log / "reglog").read_text().splitlines()]
    reset = max(i for i, line in enumerate(log) if "reset bus" in " ".join(line))
    sent = [(i, int(line[-1], 16)) for i, line in enumerate(log)
            if line[2:4] == ["PF", "mmio"] and line[4] == "W4" and "MAILBOX_MSGBUF_TRN_DW0" in line]
    before = [value for i, value in sent if i < reset][-2:]
    after = [value for i, value in sent if i > reset]
    assert (before, after) == ([NOTIFIED] * 2, [OVER] * 2)


def test_again_and_again(gim, four):
    card = gim.machine.card(0)
    resets = card.json("counters")["bus-resets"]
    for n in range(1, 4):
        gim.mark()
        hang(gim, four)
        gim.wait_for("initialised by the driver", limit=60)
        four.do("1 sleep 500")
        assert card.json("counters")["bus-resets"] == resets + n
        card.set("fault-flr", False)
    four.do("1 start", "1 work 1000", "1 wait 1000", "1 end", limit=120)
    assert card.driver_errors() == 0, card.driver_error_log()


def test_a_vbios_that_fails_gives_the_gpu_up(gim, four):
    card = gim.machine.card(0)
    hang(gim, four)
    card.set("fault-register", "CONFIG_MEMSIZE=0")
    gim.wait_for("the GPU could not be reset and is given up", limit=60)
    said = "\n".join(gim.said())
    assert said.count("the card cannot be initialised: asic_init ran but CONFIG_MEMSIZE is 0") == 2
    # Guests get no answer, and the administrator can take everything away.
    four.send("1 expect late", "1 init")
    gim.set_vfs(0)
    card.set("fault-register", "")
    gim.unbind()
    # Nobody takes it for a card that is initialised.
    assert card.json("state")["CONFIG_MEMSIZE"] == 0
    gim.bind()
    assert gim.vfs() == 4


def test_a_vbios_that_fails_once(gim, four):
    card = gim.machine.card(0)
    before = state(card)
    hang(gim, four)
    card.set("fault-register", "CONFIG_MEMSIZE=0,count=1")
    gim.wait_for("initialised by the driver", limit=60)
    four.do("1 sleep 500")
    said = "\n".join(gim.said())
    assert said.count("asic_init ran but CONFIG_MEMSIZE is 0") == 1 and "given up" not in said
    # The first try has left the card with nothing that the second could read.
    assert state(card) == before
    card.set("fault-flr", False)
    four.do("1 start", "2 start", "1 work 1000", "1 wait 1000", "2 end", limit=120)
    assert card.driver_errors() == 0, card.driver_error_log()


def test_a_card_that_hangs_is_reset_on_the_way_out(gim, four):
    """Whoever unbinds has the device's lock, which the reset needs, and waits for the worker."""
    card = gim.machine.card(0)
    resets = card.json("counters")["bus-resets"]
    hang(gim, four)
    gim.unbind()
    assert card.json("counters")["bus-resets"] == resets + 1
    card.set("fault-flr", False)
    gim.bind()
    assert gim.vfs() == 4 and card.driver_errors() == 0


def test_a_command_that_fails_at_probe(gim):
    card = gim.machine.card(0)
    card.set("fault-command", "op=INIT,function=PF,never,until=reset")
    resets = card.json("counters")["bus-resets"]
    gim.load("vf_num=2")
    assert card.json("counters")["bus-resets"] == resets + 1 and gim.vfs() == 2


@pytest.mark.machine(cards=["hotplug=on"], module_files=(MODULE,), warp=True, append="iomem=relaxed",
                     files={"vfclient": program("vfclient")})
def test_a_slot_with_a_hot_plug_driver(gim, four):
    """It takes part in the reset, so that it does not take the card for removed; but not while the lock is lent."""
    card = gim.machine.card(0)
    hang(gim, four)
    gim.wait_for("initialised by the driver", limit=60)
    four.do("1 sleep 500")
    card.set("fault-flr", False)
    four.do("1 start", "2 start", "1 work 1000", "1 wait 1000", "2 end", limit=120)
    assert gim.bound() and card.driver_errors() == 0
    assert gim.sh("ls -d /sys/bus/pci_express/drivers/pciehp/*:pcie*")
    # What administrators have chosen for their own resets is theirs.
    assert gim.sh(f"cat {gim.path()}/reset_method").split()[0] != "bus"
    card.set("fault-flr", True)
    card.set("fault-command", "op=IDLE,function=VF1,never,until=reset")
    gim.mark()
    gim.unbind()
    assert any("is given up" in line for line in gim.said())
    card.set("fault-command", "")
    card.set("driver-errors-clear", True)


@pytest.mark.machine(cards=1, module_files=(MODULE,), warp=True, append="iomem=relaxed", fresh=True,
                     files={"vfclient": program("vfclient")})
def test_a_card_that_does_not_come_back(gim, four):
    card = gim.machine.card(0)
    card.set("fault-bus-reset", True)
    hang(gim, four)
    gim.wait_for("the card does not answer", limit=180)
    assert any("does not come back from a reset of the bus" in line for line in gim.said())
    gim.unbind()
    assert not gim.bound()
    gim.unload()
