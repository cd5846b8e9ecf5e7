# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Each step of probe fails once: the log says why, the card is as before, and once mended it can be bound."""

import subprocess
import sys

import pytest

from testbed import MODULE, devices
from testbed.paths import QEMU_TEST

BAD_ROMS = {
    "signature": "it starts with",
    "length": "its length byte is 0",
    "checksum": "its bytes sum up to",
    "truncated": "VBIOS not usable",
    "pcir": "its PCI data structure",
    "atom": "its ATOM ROM header",
    "device": "it is for device",
}


def rom(name, folder):
    path = folder / f"{name}.rom"
    subprocess.run([sys.executable, str(QEMU_TEST / "vbios"), "--bad", name, str(path)], check=True)
    return path


def fails(gim, *texts, name="card0"):
    """Binds a card, which must fail with these texts in the log and leave it as it was."""
    card = next(c for c in gim.machine.cards if c.name == name)
    before = card.json("state")
    gim.mark()
    result = gim.machine.run(f"echo {gim.machine.address(name)} > /sys/bus/pci/drivers/gim/bind")
    assert result.status != 0 and not gim.bound(name)
    said = "\n".join(line for line in gim.said() if gim.machine.address(name) in line)
    for text in texts:
        assert text in said
    assert card.json("state") == before
    assert gim.vfs(name) == 0


@pytest.fixture
def unbound(gim):
    """The module is loaded, no card is bound."""
    gim.sh("echo 0 > /sys/bus/pci/drivers_autoprobe")
    gim.load("vf_num=2")
    yield gim
    gim.sh("echo 1 > /sys/bus/pci/drivers_autoprobe")


class TestFaults:
    """Faults that come and go on one card."""

    pytestmark = pytest.mark.machine(cards=1, module_files=(MODULE,))

    @pytest.mark.parametrize("op", ["INIT", "RUN", "IDLE", "SAVE"])
    @pytest.mark.parametrize(("how", "text"), [("status=0e", "the graphics engine hangs"),
                                               ("status=0f", "a DMA engine hangs"),
                                               ("never", "not done in time (control 1")])
    def test_command(self, unbound, op, how, text):
        card = unbound.machine.card(0)
        card.set("fault-command", f"op={op},function=PF,{how}")
        fails(unbound, f"{op} PF failed", text)
        card.set("fault-command", "")
        # Only a reset of the card ends a command that hangs.
        unbound.sh(f"echo 1 > {unbound.path()}/reset || true")

    def test_card_gone(self, unbound):
        unbound.machine.card(0).set("fault-register", "CONFIG_MEMSIZE=ffffffff")
        fails(unbound, "the card does not answer")
        unbound.machine.card(0).set("fault-register", "")
        unbound.bind()

    def test_not_posted(self, unbound):
        unbound.machine.card(0).set("fault-register", "CONFIG_MEMSIZE=0")
        fails(unbound, "the card is not initialised (CONFIG_MEMSIZE is 0)")
        unbound.machine.card(0).set("fault-register", "")
        unbound.bind()

    @pytest.mark.parametrize("offset", ["420", "426", "42c"])
    def test_framebuffer_register_is_not_kept(self, unbound, offset):
        unbound.machine.card(0).set("fault-config-write", offset)
        fails(unbound, "the card does not keep its framebuffer registers")
        unbound.machine.card(0).set("fault-config-write", "")
        unbound.bind()

    @pytest.mark.parametrize("accesses", [1, 10, 100, 1000, 16500, 16700])
    def test_surprise_removal(self, unbound, accesses):
        card = unbound.machine.card(0)
        card.set("fault-gone", f"after={accesses}")
        result = unbound.machine.run(f"echo {unbound.machine.address('card0')} > /sys/bus/pci/drivers/gim/bind", 60)
        card.set("fault-gone", "")
        if result.status == 0:
            unbound.unbind()
        assert unbound.vfs() == 0


class TestCards:
    """Cards that are wrong from the beginning."""

    @pytest.fixture(scope="class")
    def roms(self, tmp_path_factory):
        folder = tmp_path_factory.mktemp("roms")
        return {name: rom(name, folder) for name in BAD_ROMS}

    @pytest.fixture
    def machine_with(self, machines, request):
        """A machine with other cards than a mark can say."""
        def boot(**options):
            found, _ = machines.get({"module_files": (MODULE,), **options}, request.node.nodeid)
            return found
        return boot

    def test_vbios(self, machine_with, roms):
        from conftest import Gim
        gim = Gim(machine_with(cards=[f"vbios={path}" for path in roms.values()]))
        gim.load()
        for number, text in enumerate(BAD_ROMS.values()):
            name = f"card{number}"
            assert not gim.bound(name)
            fails(gim, "VBIOS not usable", text, name=name)
        gim.unload()

    def test_what_the_card_lacks(self, machine_with):
        from conftest import Gim
        gim = Gim(machine_with(cards=["gpu-iov=off", "total-fb-mb=400", "total-fb-mb=0", "posted=off"]))
        gim.load()
        fails(gim, "no GPU-IOV capability", name="card0")
        fails(gim, "card reports 400 MB of framebuffer, PF and one VF need 528 MB", name="card1")
        fails(gim, "framebuffer cannot be divided", name="card2")
        fails(gim, "the card is not initialised", name="card3")
        gim.unload()

    def test_no_ari(self, machine_with):
        from conftest import Gim
        gim = Gim(machine_with(cards=1, append="pci=noari"))
        gim.load()
        fails(gim, "has no ARI", "do not boot with pci=noari")
        gim.unload()

    def test_no_address_space(self, machine_with, monkeypatch):
        from conftest import Gim
        monkeypatch.setattr(devices, "RESERVE", "pref64-reserve=1G,mem-reserve=16M")
        gim = Gim(machine_with(cards=["id=card0"], append="pci=nocrs"))
        gim.load()
        fails(gim, "not enough address space", "Above 4G decoding")
        gim.unload()
