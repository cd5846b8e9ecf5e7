# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""VFs come and go at run time, and stay while somebody holds one."""

import pytest
from gim_module import Holder

from testbed import MODULE, program

pytestmark = pytest.mark.machine(
    cards=2, module_files=(MODULE,), modules=("vfio-pci", "vfio_iommu_type1", "pci-pf-stub", "pci-stub"),
    files={"vfio-hold": program("vfio-hold")})


def test_up_and_down(gim):
    gim.load("vf_num=1")
    assert (gim.vfs("card0"), gim.vfs("card1")) == (1, 1)
    gim.set_vfs(0)
    before = gim.machine.card(0).json("counters")["commands"]
    for n in (4, 16, 1, 7):
        gim.set_vfs(n)
        assert gim.vfs() == n
        assert gim.sh("lspci -d 1002:692f | wc -l") == str(n + 1)
        gim.set_vfs(0)
        assert gim.vfs() == 0
    # Each time a clean register image was made.
    assert gim.machine.card(0).json("counters")["commands"] - before == 4 * 4
    assert gim.vfs("card1") == 1


def test_refusals_of_the_kernel(gim):
    gim.load("vf_num=2")
    assert gim.refuses_vfs(3, "busy")
    assert gim.refuses_vfs(17, "ange")
    assert gim.vfs() == 2


def test_in_use(gim):
    gim.load("vf_num=4")
    holder = Holder(gim, 3)
    assert gim.refuses_vfs(0, "busy")
    assert any("VF3 is in use" in line for line in gim.said())
    assert gim.vfs() == 4
    holder.close()
    gim.set_vfs(0)
    assert gim.vfs() == 0


def test_unbind_and_bind_while_in_use(gim):
    gim.load("vf_num=4")
    before = gim.machine.card(0).json("state")
    holder = Holder(gim, 2)
    gim.unbind()
    assert any("VF2 is in use: leaving 4 VFs" in line for line in gim.said())
    assert gim.vfs() == 4
    after = gim.machine.card(0).json("state")
    # Nobody minds the PF's interrupts any more: MSI (and with it INTx disable), the ring, and bus mastering are off.
    before["COMMAND"] &= ~(4 | 1 << 10)
    before["MSI_ENABLE"] = False
    before["IH_RB_CNTL"] &= ~(1 | 1 << 17)
    assert after == before
    gim.bind()
    assert any("VF2 is in use: keeping the 4 VFs" in line for line in gim.said())
    assert gim.refuses_vfs(0, "busy")
    holder.close()
    gim.set_vfs(0)
    gim.set_vfs(8)
    assert gim.vfs() == 8


def test_unequal_quotas_survive_an_unbind_while_in_use(gim):
    gim.load("vf_num=4")
    gim.set_vfs(0)
    gim.sh(f"echo $((512 << 20)) > {gim.path()}/sriov_admin/vf1/profile/vram_quota")
    gim.set_vfs(4)
    quotas = f"cat {gim.path()}/sriov_admin/vf[1-4]/profile/vram_quota"
    before = gim.sh(quotas).split()
    assert before == [str(512 << 20), *[str(2464 << 20)] * 3]
    holder = Holder(gim, 2)
    gim.unbind()
    gim.bind()
    assert any("VF2 is in use: keeping the 4 VFs" in line for line in gim.said())
    assert gim.sh(quotas).split() == before
    assert gim.sh(f"ls -d {gim.path()}/sriov_admin/vf*/device | wc -l") == "4"
    holder.close()
    gim.set_vfs(0)


def test_bind_with_another_division_in_use(gim):
    gim.load("vf_num=4")
    holder = Holder(gim, 1)
    gim.unload()
    assert gim.vfs() == 4
    gim.load("vf_num=4 vf_fb=256")
    assert not gim.bound()
    assert any("divided otherwise among 4 VFs" in line for line in gim.said())
    assert any("VF1 is in use: stop its user, then bind again" in line for line in gim.said())
    assert gim.vfs() == 4
    holder.close()
    gim.bind()
    assert gim.vfs() == 4


def test_left_by_somebody_else(gim):
    address = gim.machine.address("card0")
    gim.sh(f"""
        modprobe pci-pf-stub
        echo pci-pf-stub > {gim.path()}/driver_override; echo {address} > /sys/bus/pci/drivers_probe
        echo 3 > {gim.path()}/sriov_numvfs
        echo {address} > /sys/bus/pci/drivers/pci-pf-stub/unbind
        echo > {gim.path()}/driver_override; rmmod pci-pf-stub""")
    assert gim.vfs() == 3
    gim.load("vf_num=5")
    assert any("3 VFs were left enabled" in line for line in gim.said())
    assert gim.vfs() == 5


def test_host_drivers_keep_off(gim):
    gim.sh("modprobe pci-stub && echo '1002 692f' > /sys/bus/pci/drivers/pci-stub/new_id")
    assert gim.sh(f"cat {gim.path()}/sriov_drivers_autoprobe") == "1"
    gim.load("vf_num=2")
    assert gim.sh(f"cat {gim.path()}/sriov_drivers_autoprobe") == "0"
    driver = f"{gim.path()}/virtfn0/driver"
    assert gim.machine.run(f"[ -e {driver} ]").status == 1
    # The administrator has the last word.
    gim.set_vfs(0)
    gim.sh(f"echo 1 > {gim.path()}/sriov_drivers_autoprobe")
    gim.set_vfs(2)
    assert gim.sh(f"basename $(readlink {driver})") == "pci-stub"
    gim.unload()
    assert gim.sh(f"cat {gim.path()}/sriov_drivers_autoprobe") == "1"
    gim.sh("rmmod pci-stub")
