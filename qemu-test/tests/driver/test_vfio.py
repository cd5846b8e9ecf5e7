# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""VFs in the hands of user-space programs, as hypervisors have them: groups, interrupts, DMA, resets, sudden deaths."""

import pytest

from testbed import MODULE, program

VFS = 16
# Source of a message of the PF in a VF's interrupt ring (section 3.5 of the hardware reference).
MESSAGE = 0x87
pytestmark = pytest.mark.machine(cards=["debug-regs=on"], module_files=(MODULE,), warp=True,
                                 modules=("vfio-pci", "vfio_iommu_type1"), files={"vfclient": program("vfclient")})


def load(gim, vfs):
    gim.load(f"vf_num={vfs}")
    gim.no_guards()
    # As time flies while the host looks at things.
    exclusive_limit(gim, 600_000)
    gim.give_vfs()


def exclusive_limit(gim, ms):
    gim.sh(f"echo {ms} > {gim.path()}/sriov_admin/exclusive_timeout_ms")


@pytest.fixture
def vfio(gim):
    load(gim, VFS)
    return gim


@pytest.fixture
def two_vfs(gim):
    load(gim, 2)
    return gim


def test_each_vf_is_in_a_group_of_its_own(vfio):
    found = vfio.sh(f"for vf in {vfio.path()}/virtfn*; do"
                    f" echo $(basename $(readlink $vf/iommu_group)) $(ls $vf/iommu_group/devices | wc -l); done")
    groups = [line.split() for line in found.splitlines()]
    assert len({group for group, _ in groups}) == VFS
    assert all(devices == "1" for _, devices in groups)


def test_sixteen_at_once(vfio, guests):
    """All open at the same time: each gets its READY by interrupt, works, resets itself, and starts again."""
    everybody = guests(vfio=True)

    def all_do(*commands):
        everybody.send(*(f"all {command}" for command in commands))
        answers = everybody.answers(VFS * len(commands), limit=200)
        assert all(answer[2] == "ok" for answer in answers), answers
    all_do("ring", "start", f"interrupt {MESSAGE}", "work 5000", "wait 10000")
    done = vfio.machine.card(0).json("work")
    assert [done[f"VF{vf}"]["done-us"] for vf in range(1, VFS + 1)] == [5000] * VFS
    all_do("flr")
    for vf in range(1, VFS + 1):
        vfio.wait_for(f"resetting VF{vf}: its user reset the function")
    all_do("start", "zeros 65536", "work 1000", "wait 10000", "end")
    assert everybody.close() == 0


@pytest.mark.slow
def test_a_reset_is_of_one_vf_alone(two_vfs, guests):
    two = guests(vfs=(1, 2), vfio=True)
    two.do("1 start", "2 start", "1 fb 0x200000=1", "2 fb 0x200000=2", "1 flr", "2 work 5000", "2 wait 5000")
    two_vfs.wait_for_state(1, "available")
    assert two_vfs.state(2) == "running"
    assert two.do("2 fb 0x200000")[0][4] == "00000002"
    two.do("1 start", "1 zeros 65536")


@pytest.mark.allow_dmesg(r"DMAR: .*[Ff]ault", r"DMAR: \[DMA Write")
def test_the_iommu_stops_stray_dma(two_vfs, guests):
    one, other = guests(vfs=(1,), vfio=True), guests(vfs=(2,), vfio=True)
    one.do("1 ring")
    other.do("2 ring")
    one.do("1 dma 0x10001ffc")
    # Memory that the other has, the machine's, and what lies behind its own.
    for address in (0x10002000, 0x1000, 0x40000000):
        one.send("1 expect refused", f"1 dma {address:#x}")
        assert one.answers(1)[0][2] == "refused"
    two_vfs.wait_for("DMAR: .*Write NO_PASID.*fault addr 0x40000000")
    other.do("2 start", f"2 interrupt {MESSAGE}")


# What a guest's driver has said when its machine is killed, and what gim must say then (nothing where nobody has
# started).
DEATHS = {
    "open": ([], None),
    "message under way": (["write 0x5320=1", "write 0x5340=1"], "its user reset the function"),
    "request waiting": (["ask 1"], "it kept exclusive access for too long"),
    "exclusive": (["init"], "its user reset the function"),
    "running": (["start"], "its user reset the function"),
    "working": (["start", "work 10000000"], "its user reset the function"),
    "exclusive at the end": (["start", "fini"], "its user reset the function"),
    "gone": (["start", "end"], None),
    "exclusive for its reset": (["start", "reset"], "its user reset the function"),
    "reset and running": (["start", "reset", "rel-init"], "its user reset the function"),
}


# One in each run of the tests, the others with the slow ones.
@pytest.mark.parametrize("death", [d if d == "exclusive" else pytest.param(d, marks=pytest.mark.slow) for d in DEATHS])
def test_killed(two_vfs, guests, death):
    """Its VF is taken off the GPU and comes back empty; the other's guest notices nothing."""
    commands, reason = DEATHS[death]
    other, victim = guests(vfs=(2,), vfio=True), guests(vfs=(1,), vfio=True)
    other.do("2 start")
    if death == "request waiting":
        other.do("2 fini")
    victim.do(*(f"1 {command}" for command in commands), "1 fb 0x200000=0x5ec4e7")
    two_vfs.mark()
    victim.kill()
    if death == "request waiting":
        exclusive_limit(two_vfs, 1000)
        other.do("2 rel-fini", "2 start")
    if reason:
        two_vfs.wait_for(f"resetting VF1: {reason}")
    two_vfs.wait_for_state(1, "available")
    other.do("2 work 5000", "2 wait 5000")
    assert not [line for line in two_vfs.said() if "VF2" in line]
    heir = guests(vfs=(1,), vfio=True)
    if death == "message under way":
        # What the dead one was saying is still there, so that the first message of the next is none; and gim has taken
        # back what it had answered.
        heir.send("1 expect no-answer", "1 init")
        assert heir.answers(1)[0][2] == "no-answer"
    heir.do("1 start", "1 zeros 4096", "1 work 1000", "1 wait 5000", "1 end")


@pytest.mark.slow
def test_all_are_killed(vfio, guests):
    everybody = guests(vfio=True)
    everybody.send("all start", "all work 10000000")
    everybody.answers(2 * VFS, limit=100)
    everybody.kill()
    for vf in range(1, VFS + 1):
        vfio.wait_for_state(vf, "available")
    assert vfio.machine.card(0).json("gpu")["phase"] == "free"
    vfio.set_vfs(0)
