# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Fixtures of the driver's tests."""

import pytest
from gim_module import END_GUESTS, Gim, Guests

from testbed import MODULE, CommandFailed


@pytest.fixture
def gim(machine):
    """The module in the test's machine; it is not loaded before and after the test."""
    module = Gim(machine)
    module.mark()
    yield module
    if machine.running:
        # A test that failed may have left anything.
        try:
            module.unload()
        except CommandFailed as e:
            pytest.fail(f"the module cannot be unloaded: {e}")


@pytest.fixture
def by_hand(gim):
    """No card is bound before the test says so."""
    gim.sh("echo 0 > /sys/bus/pci/drivers_autoprobe")
    yield
    gim.sh("echo 1 > /sys/bus/pci/drivers_autoprobe")


@pytest.fixture
def guests(gim):
    """Makes guests on a card: `guests("card0")`, with what else `Guests` takes."""
    def make(name="card0", **how):
        return Guests(gim, name, **how)

    yield make
    if gim.machine.running:
        # Whoever has a VF open through vfio keeps it until its end.
        gim.sh(END_GUESTS + "; exit $ended")


@pytest.fixture
def boot(machines, request):
    """Boots a machine that is too much for a mark, with the module loaded and no card bound."""
    def start(**options):
        machine, _ = machines.get({"module_files": (MODULE,), "warp": True, **options}, request.node.nodeid)
        gim = Gim(machine)
        gim.sh("echo 0 > /sys/bus/pci/drivers_autoprobe")
        gim.load("vf_num=2")
        return gim
    yield start
    machines.drop()
