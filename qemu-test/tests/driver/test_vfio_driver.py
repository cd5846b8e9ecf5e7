# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""gim-vfio-pci: what it does that vfio-pci does not."""

import pytest

from testbed import MODULE, VFIO_MODULE, program

VFS = 4
COMMAND, IO_ENABLE = 4, 1
# Of the registers a guest must not reach (section 3.12 of the hardware reference), one of each range.
HIDDEN = (0x5200, 0x5224, 0x5284, 0x52b0, 0x52e0, 0x5394, 0x5840, 0x3e000, 0x3effc)
# Beside them, and in the same pages.
OPEN = (0x522c, 0x5280, 0x52b4, 0x5398)
MM_INDEX, MM_DATA, VRAM = 0, 4, 1 << 31
SCRATCH = 0x30100
pytestmark = pytest.mark.machine(cards=1, module_files=(MODULE, VFIO_MODULE), warp=True,
                                 modules=("vfio-pci", "vfio_iommu_type1"), files={"vfclient": program("vfclient")})


@pytest.fixture
def vfio(gim):
    gim.load(f"vf_num={VFS}")
    gim.no_guards()
    gim.give_vfs("gim-vfio-pci")
    return gim


@pytest.fixture
def stock(gim):
    gim.load(f"vf_num={VFS}")
    gim.give_vfs()
    return gim


def command_register(guest):
    """What a guest reads back that switches on everything."""
    guest.do(f"1 config {COMMAND}=7")
    return int(guest.do(f"1 config {COMMAND}")[0][4], 16)


@pytest.mark.slow
def test_the_io_enable_bit_of_the_stock_driver(stock, guests):
    assert command_register(guests(vfs=(1,), vfio=True)) & 7 == 6


def test_the_io_enable_bit(vfio, guests):
    one = guests(vfs=(1,), vfio=True)
    assert command_register(one) & 7 == 7
    one.do(f"1 config {COMMAND}=6")
    assert int(one.do(f"1 config {COMMAND}")[0][4], 16) & 7 == 6


def read(guest, offset):
    return int(guest.do(f"1 read {offset:#x}")[0][4], 16)


@pytest.mark.slow
def test_hidden_registers_can_be_reached_with_the_stock_driver(stock, guests):
    """So that the tests after this one show something."""
    one = guests(vfs=(1,), vfio=True)
    one.do("1 map 0x5000", "1 eventfd 0x6000", "1 write 0x5394=5")
    assert read(one, 0x5394) == 5
    one.do(f"1 write {MM_INDEX}=0x5394")
    assert read(one, MM_DATA) == 5


def test_hidden_registers(vfio, guests):
    one, card = guests(vfs=(1,), vfio=True), vfio.machine.card(0)
    for offset in HIDDEN:
        assert one.do(f"1 mapped {offset:#x}")[0][4] == "0"
        one.send("1 expect refused", f"1 map {offset:#x}", "1 expect refused", f"1 eventfd {offset:#x}")
        assert [a[2] for a in one.answers(2)] == ["refused"] * 2
    before = card.json("counters")
    for offset in HIDDEN:
        card.set("fault-register", f"VF1:{offset:x}=5")
        one.do(f"1 write {offset:#x}=1")
        assert read(one, offset) == 0
    after = card.json("counters")
    card.set("fault-register", "")
    assert all(after[f"vf-mmio-{way}"] == before[f"vf-mmio-{way}"] for way in ("reads", "writes"))


@pytest.mark.slow
def test_registers_beside_hidden_ones(vfio, guests):
    one = guests(vfs=(1,), vfio=True)
    for offset in OPEN:
        one.do(f"1 write {offset:#x}={offset:#x}")
        assert read(one, offset) == offset
    for offset in (0x1000, 0x4ffc, 0x6000, 0x3dffc, 0x3f000):
        assert one.do(f"1 mapped {offset:#x}")[0][4] == "1"


def test_no_way_around(vfio, guests):
    """Neither by the index registers, nor by what repeats the registers beyond them."""
    one, card = guests(vfs=(1,), vfio=True), vfio.machine.card(0)
    one.do(f"1 write {SCRATCH:#x}=7", f"1 write {MM_INDEX}={SCRATCH:#x}")
    assert read(one, MM_DATA) == 7
    for offset in (*HIDDEN, 0x40000 + SCRATCH, MM_DATA):
        one.do(f"1 write {MM_INDEX}={offset:#x}", f"1 write {MM_DATA}=1")
        assert read(one, MM_DATA) == 0
    one.do("1 start", f"1 write {MM_INDEX}={VRAM:#x}")
    assert read(one, MM_DATA) & 0xffff == 0xaa55
    card.set("vf-mmio-beyond", "repeat")
    assert read(one, 0x40000 + SCRATCH) == 0
    one.send("1 expect refused", "1 map 0x40000")
    assert one.answers(1)[0][2] == "refused"
    card.set("vf-mmio-beyond", "zeros")


def test_gim_is_told_of_resets_and_of_the_end(vfio, guests):
    """On a card that does not show resets of VFs, where nobody else would notice. What the guest leaves is cleared
    before the next one starts."""
    card = vfio.machine.card(0)
    card.set("flr-shows", False)
    one = guests(vfs=(1,), vfio=True)
    one.do("1 start", "1 fb 0x200000=0x5ec4e7", "1 flr")
    vfio.wait_for("resetting VF1: its user reset the function")
    vfio.wait_for_state(1, "available")
    one.do("1 start", "1 fb 0x200000=0x5ec4e7")
    vfio.mark()
    one.kill()
    vfio.wait_for("resetting VF1: its user reset the function")
    vfio.wait_for_state(1, "available")
    guests(vfs=(1,), vfio=True).do("1 zeros 4096")
    card.set("flr-shows", True)


@pytest.mark.slow
def test_resets_by_gim_are_not_taken_for_the_users(vfio, guests):
    one = guests(vfs=(1,), vfio=True)
    one.do("1 start", "1 reset", "1 rel-init", "1 work 1000", "1 wait 5000")
    vfio.sh(f"echo 1 > {vfio.path()}/sriov_admin/vf1/reset")
    vfio.wait_for("resetting VF1: the administrator asked for it")
    one.do("1 start", "1 work 1000", "1 wait 5000", "1 end")
    assert not [line for line in vfio.said() if "its user" in line]


@pytest.mark.slow
def test_a_new_user_is_let_in(vfio, guests):
    """The guard has stopped the one before."""
    vfio.sh(f"cd {vfio.path()}/sriov_admin; echo 1 > guard_flr_limit")
    one = guests(vfs=(1,), vfio=True)
    one.do("1 start", "1 flr", "1 sleep 1000", "1 start", "1 flr")
    vfio.wait_for_state(1, "stopped")
    one.close()
    guests(vfs=(1,), vfio=True).do("1 start", "1 end")


@pytest.mark.slow
@pytest.mark.allow_dmesg("driver left SR-IOV enabled after remove")
def test_gim_goes_and_comes_while_a_vf_is_open(vfio, guests):
    """The next gim is told of what becomes of a VF that was opened before its time."""
    one = guests(vfs=(1,), vfio=True)
    one.do("1 start")
    vfio.sh("echo 1 > /sys/module/gim/parameters/keep_vfs")
    vfio.unload()
    vfio.load(f"vf_num={VFS} keep_vfs=1")
    one.do("1 work 1000", "1 wait 5000")
    assert vfio.state(1) == "running"
    one.kill()
    vfio.wait_for("resetting VF1: its user reset the function")
    vfio.wait_for_state(1, "available")
    guests(vfs=(1,), vfio=True).do("1 start", "1 end")
    vfio.sh("echo 0 > /sys/module/gim/parameters/keep_vfs")


def test_it_is_found_as_the_driver_for_vfs(vfio):
    """By libvirt, among others: the alias says that it is a variant of vfio-pci, and for which device."""
    assert "vfio_pci:v00001002d0000692Fsv*sd*bc*sc*i*" in vfio.sh("modinfo -F alias gim-vfio-pci.ko").split()
