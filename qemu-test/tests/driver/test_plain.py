# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Devices of other people, forced on the driver, get plain SR-IOV: VFs and nothing else."""

import pytest

from testbed import MODULE, devices

pytestmark = pytest.mark.machine(devices=("igb,id=igb0", *devices.nvme(4), "e1000e,id=nic0"), module_files=(MODULE,))


def force(gim, name):
    address = gim.machine.address(name)
    gim.sh(f"echo gim > {gim.path(name)}/driver_override; echo {address} > /sys/bus/pci/drivers_probe")


@pytest.mark.parametrize(("name", "vfs", "parameters", "device"),
                         [("igb0", 7, "vf_num=7", "8086:10ca"), ("nvme0", 4, "", "1b36:0010")])
def test_vfs_and_nothing_else(gim, name, vfs, parameters, device):
    found = int(gim.sh(f"lspci -d {device} | wc -l"))
    gim.load(parameters)
    assert not gim.bound(name)
    gim.mark()
    force(gim, name)
    assert gim.vfs(name) == vfs
    assert gim.said() == [f"gim {gim.machine.address(name)}: no GPU-IOV: plain SR-IOV, {vfs} VFs"]
    assert int(gim.sh(f"lspci -d {device} | wc -l")) == found + vfs
    gim.set_vfs(0, name)
    gim.set_vfs(2, name)
    assert gim.vfs(name) == 2
    gim.unbind(name)
    assert gim.vfs(name) == 0
    gim.bind(name)
    assert gim.vfs(name) == vfs
    gim.unload()
    assert gim.vfs(name) == 0
    gim.sh(f"echo > {gim.path(name)}/driver_override")


def test_more_vfs_than_there_are(gim):
    gim.load("vf_num=16")
    force(gim, "igb0")
    assert not gim.bound("igb0")
    assert any("vf_num=16, but the card has 8 VFs: give 0 to 8" in line for line in gim.said())
    gim.sh(f"echo > {gim.path('igb0')}/driver_override")


def test_no_sriov_at_all(gim):
    gim.load()
    gim.sh(f"echo gim > {gim.path('nic0')}/driver_override; echo {gim.machine.address('nic0')} "
           "> /sys/bus/pci/drivers_probe")
    assert not gim.bound("nic0")
    assert any("no SR-IOV capability" in line for line in gim.said())
    gim.sh(f"echo > {gim.path('nic0')}/driver_override")
