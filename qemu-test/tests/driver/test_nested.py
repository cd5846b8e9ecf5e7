# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""A guest's machine with a VF: QEMU inside the emulated host. It starts, uses the GPU, and is destroyed;
another one takes the same VF."""

import pytest

from testbed import MODULE, VFIO_MODULE, nested

# In seconds of the emulated host: to boot takes a minute or two.
LIMIT = 600
MARK = "0x5ec4e7"
FIRST = ["start", f"fb 0x200000={MARK}", f"fb 0x8000000={MARK}", "work 20000", "wait 10000", "fb 0x200000"]
SECOND = ["start", "zeros 4096", "work 20000", "wait 10000", "end"]

pytestmark = [pytest.mark.slow, pytest.mark.machine(
    cards=1, module_files=(MODULE, VFIO_MODULE), modules=("vfio-pci", "vfio_iommu_type1"), warp=True,
    memory="3G", boot_limit=300, files={"nested": nested.guests(first=FIRST, second=SECOND)})]


@pytest.mark.parametrize("driver", ["gim-vfio-pci", "vfio-pci"])
def test_a_machine_with_a_vf_is_destroyed_and_another_takes_it(gim, driver):
    machine = gim.machine
    gim.load("vf_num=2")
    gim.give_vfs(driver)
    address = gim.vf_address(1)
    nested.start(machine, "first", address, keep=True)
    said = nested.wait(machine, "first", LIMIT)
    assert [words[1:3] for words in said] == [[command.split()[0], "ok"] for command in FIRST]
    assert said[-1][4] == MARK.removeprefix("0x").zfill(8)
    assert gim.state(1) == "running"
    assert machine.card(0).json("work")["VF1"]["done-us"] == 20000
    nested.destroy(machine, "first")
    gim.wait_for("resetting VF1: its user reset the function")
    gim.wait_for_state(1, "available")
    nested.start(machine, "second", address)
    said = nested.wait(machine, "second", LIMIT)
    assert [words[1:3] for words in said] == [[command.split()[0], "ok"] for command in SECOND]
    machine.sh(". lib.sh; wait_for 60 grep -q 'ended with 0' /tmp/second.end")
    assert gim.state(1) == "available"
