# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Each step of probe fails: the log says why, the card is as before, and once mended it can be bound.

A card that a fault has spoilt for good is not used again: such tests have many cards in one machine, one for each case.
"""

import itertools

import pytest

from testbed import MODULE, devices
from testbed.devices import vbios

BAD_ROMS = {
    "signature": "it starts with 54 aa instead of 55 aa",
    "checksum": "its bytes sum up to",
    "length": "its header says 130560 bytes, its PCI data structure 65536",
    "zero-length": "its length byte is 0",
    "truncated": "its bytes sum up to",
    "empty": "it reads as ff: flash empty, or the card does not answer",
    "pcir-pointer": "its PCI data structure at 0xfff8 lies outside the image",
    "pcir-signature": "there is no PCI data structure at",
    "device": "it is for device 1002:6938",
    "vendor": "it is for device 10de:6929",
    "ati-signature": "there is no ATI signature at 0x30",
    "atom-signature": "there is no ATOM ROM header at",
}
DIVISION = ("GPUIOV_CNTXT", "GPUIOV_TOTAL_FB_CONSUMED", "GPUIOV_VF0_FB", "GPUIOV_VF1_FB")
COMMANDS = [(op, how, text) for op, (how, text) in itertools.product(
    ("INIT", "RUN", "IDLE", "SAVE"),
    (("status=0e,after-ms=100", "the graphics engine hangs (status 0e)"),
     ("status=0f,after-ms=100", "a DMA engine hangs (status 0f)"),
     ("never", "not done in time (control 1")))]
ODD_CARDS = pytest.mark.machine(cards=["gpu-iov=off", "total-fb-mb=400", "total-vfs=1", ""], module_files=(MODULE,),
                                warp=True)


@pytest.fixture
def unbound(gim, by_hand):
    """The module is loaded, and has no card yet."""
    gim.load("vf_num=2")


def succeeds(gim, number):
    """Binds a card, which has its VFs then."""
    gim.bind(f"card{number}")
    assert gim.vfs(f"card{number}") == 2
    assert gim.machine.card(number).driver_errors() == 0


def test_vbios(boot, subtests):
    gim = boot(cards=[f"vbios={vbios(bad=bad)}" for bad in BAD_ROMS])
    for number, (bad, text) in enumerate(BAD_ROMS.items()):
        with subtests.test(bad):
            gim.fails(number, "VBIOS not usable", text)


def test_commands(boot, subtests):
    gim = boot(cards=len(COMMANDS))
    for number, (op, how, text) in enumerate(COMMANDS):
        with subtests.test(f"{op} {how}"):
            gim.machine.card(number).set("fault-command", f"op={op},function=PF,{how}")
            # It was reset twice, and fails again. Who has which part of the memory stays, as the GPU may be at it.
            gim.fails(number, f"{op} PF failed", text, "is given up", spoilt=("phase", "function", *DIVISION))
            assert gim.machine.card(number).json("counters")["bus-resets"] == 2
            assert gim.machine.card(number).driver_errors() == 0


@ODD_CARDS
def test_what_a_card_lacks(gim, unbound):
    gim.fails(0, "no GPU-IOV capability")
    gim.fails(1, "card reports 400 MB of framebuffer, PF and one VF need 528 MB")
    gim.fails(2, "vf_num=2, but the card has 1 VFs: give 0 to 1")


@ODD_CARDS
def test_registers(gim, unbound):
    card = gim.machine.card(3)
    card.set("fault-register", "CONFIG_MEMSIZE=ffffffff")
    gim.fails(3, "the card does not answer (all bits of CONFIG_MEMSIZE are set)")
    card.set("fault-register", "")
    for offset in ("420", "426", "42c"):
        card.set("fault-config-write", offset)
        gim.fails(3, "the card does not keep its framebuffer registers")
        card.set("fault-config-write", "")
    card.set("fault-register", "CONFIG_MEMSIZE=0")
    gim.fails(3, "the card cannot be initialised: asic_init ran but CONFIG_MEMSIZE is 0",
              spoilt=("CONFIG_MEMSIZE",))
    card.set("fault-register", "")
    # Which initialises it again, as what has failed has made it look like a card that is not.
    succeeds(gim, 3)


def test_surprise_removal(boot, subtests):
    gim = boot(cards=9)
    gim.machine.card(0).set("counters-reset", True)
    gim.bind("card0")
    counters = gim.machine.card(0).json("counters")
    whole = sum(counters[n] for n in ("config-reads", "config-writes", "mmio-reads", "mmio-writes"))
    # In each phase of probe: from the first access to the last command.
    for number, accesses in enumerate((0, 20, 60, 150, 5000, whole - 100, whole - 40, whole - 6), 1):
        with subtests.test(f"after {accesses} of {whole} accesses"):
            name, card = f"card{number}", gim.machine.card(number)
            gim.mark()
            card.set("fault-gone", f"after={accesses}" if accesses else "now")
            result = gim.machine.run(f"echo {gim.machine.address(name)} > /sys/bus/pci/drivers/gim/bind")
            assert result.status and not gim.bound(name)
            assert any("the card does not answer" in line for line in gim.said())
    # Nothing of it hinders the module.
    gim.unload()


def test_no_ari(boot):
    gim = boot(cards=1, append="pci=noari")
    gim.fails(0, "has no ARI", "do not boot with pci=noari")


def test_no_address_space(boot, monkeypatch):
    monkeypatch.setattr(devices, "RESERVE", "pref64-reserve=8G,mem-reserve=80M")
    gim = boot(cards=1)
    gim.fails(0, "not enough address space for framebuffer BAR 0 of 16 VFs", "Above 4G decoding")
