# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""A card whose interrupts are lost: guests are served all the same, the first of all too, and nobody pays for it while
nobody can use a VF.
"""

import pytest
from accounts import THREADS

from testbed import MODULE, program

pytestmark = [pytest.mark.slow, pytest.mark.machine(
    cards=1, module_files=(MODULE,), modules=("vfio-pci",), warp=True, append="iomem=relaxed",
    files={"vfclient": program("vfclient")})]


@pytest.fixture
def lossy(gim):
    """The module is loaded, and the card loses all interrupts."""
    # vfio lets a VF sleep that nobody has opened, and then its BARs do not answer to `vfclient`.
    gim.sh("modprobe vfio-pci disable_idle_d3=1")
    gim.load("vf_num=4")
    card = gim.machine.card(0)
    card.set("fault-msi-lost", True)
    yield card
    card.set("fault-msi-lost", False)


def address(gim, vf):
    """Of a VF, in the guest."""
    return gim.sh(f"basename $(readlink {gim.path()}/virtfn{vf - 1})")


def test_the_first_message_is_heard(gim, guests, lossy):
    gim.sh(f". lib.sh; bind_with vfio-pci {address(gim, 2)}")
    two = guests()
    answer, = two.do("2 init")
    # A guest waits 12 s.
    assert int(answer[3]) < 5_000_000
    assert any("an interrupt was lost" in line for line in gim.said())
    two.do("2 rel-init", "2 work 2000", "2 wait 1000", "2 end")


def test_nobody_looks_when_nobody_can_use_a_vf(gim, guests, lossy):
    crowd = guests()
    vf = address(gim, 1)
    gim.sh(f". lib.sh; bind_with vfio-pci {vf}")
    ran = gim.sh(f"cat {THREADS}")
    crowd.do("1 sleep 9000")
    assert gim.sh(f"cat {THREADS}") != ran
    gim.sh(f"echo {vf} > /sys/bus/pci/drivers/vfio-pci/unbind")
    ran = gim.sh(f"cat {THREADS}")
    crowd.do("1 sleep 9000")
    assert gim.sh(f"cat {THREADS}") == ran
