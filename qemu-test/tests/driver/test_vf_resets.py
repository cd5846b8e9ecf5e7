# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Resets of VFs: by their users behind the PF's back, one after the other, all at once; and what the others notice."""

import pytest

from testbed import MODULE, program

pytestmark = [pytest.mark.slow, pytest.mark.machine(cards=1, module_files=(MODULE,), warp=True, append="iomem=relaxed",
                                 files={"vfclient": program("vfclient")})]

VFS = (1, 2, 3, 4)
# A register that nobody but the VF's own reset changes, and a place in the framebuffer behind the VBIOS.
SCRATCH, PLACE = 0x30100, 0x100000


@pytest.fixture
def four(gim, guests):
    gim.load("vf_num=4 sched_interval=50")
    found = guests()
    found.do(*(f"{vf} start" for vf in VFS))
    return found


@pytest.fixture
def card(gim):
    card = gim.machine.card(0)
    yield card
    card.set("flr-shows", True)
    card.set("flr-needs-rlcv", False)


def flr(gim, *vfs):
    """What vfio does when a guest's machine starts or ends: the PCI core's own function-level reset, all at once."""
    gim.sh(" ".join(f"echo 1 > {gim.path()}/virtfn{vf - 1}/reset &" for vf in vfs) + " wait")


def noticed(gim, vf, why="its user reset the function"):
    """Waits until the driver says so."""
    gim.wait_for(f"resetting VF{vf}: {why}")


def test_a_reset_by_the_user_is_noticed(gim, four, card):
    flr(gim, 2)
    noticed(gim, 2)
    # It has no turn until its next guest starts, and nobody else was disturbed.
    runs = card.json("commands")["VF2"]["RUN"]
    four.do(*(f"{vf} work 5000" for vf in (1, 3, 4)), *(f"{vf} wait 2000" for vf in (1, 3, 4)))
    assert card.json("commands")["VF2"]["RUN"] == runs
    assert not [line for line in gim.said() if "resetting" in line and "VF2" not in line]
    four.do("2 start", "2 work 2000", "2 wait 2000")


def test_a_reset_that_does_not_show(gim, four, card):
    """The other guess of what the real card does: the next world switch finds out, if the reset has cost anything."""
    card.set("flr-shows", False)
    card.set("flr-needs-rlcv", True)
    flr(gim, 2)
    four.do(*(f"{vf} work 5000" for vf in (1, 3, 4)), *(f"{vf} wait 8000" for vf in (1, 3, 4)))
    noticed(gim, 2, "its ")
    four.do("2 start", "2 work 2000", "2 wait 2000")


def test_a_reset_before_any_guest_starts_costs_nothing(gim, guests):
    gim.load("vf_num=2")
    flr(gim, 1)
    guests().do("2 start", "1 start", "1 end", "2 end")
    assert not [line for line in gim.said() if "resetting" in line]


def markers(gim, four):
    """Each VF's own marks, as they are now: in its registers, and in its framebuffer."""
    registers = [int(a[4], 16) for a in sorted(four.do(*(f"{vf} read {SCRATCH}" for vf in VFS)))]
    starts = gim.sh(f"for vf in {gim.path()}/virtfn?; do head -n 1 $vf/resource; done").splitlines()
    memory = [int(gim.sh(f"devmem {int(line.split()[0], 16) + PLACE:#x}"), 16) for line in starts]
    return registers, memory


def mark(gim, four):
    """Marks registers and framebuffers of all VFs."""
    four.do(*(f"{vf} write {SCRATCH}={0x1000 + vf}" for vf in VFS))
    starts = gim.sh(f"for vf in {gim.path()}/virtfn?; do head -n 1 $vf/resource; done").splitlines()
    for vf, line in zip(VFS, starts, strict=True):
        gim.sh(f"devmem {int(line.split()[0], 16) + PLACE:#x} 32 {0x2000 + vf:#x}")


def test_each_in_turn_touches_only_its_own(gim, four):
    mark(gim, four)
    registers, memory = markers(gim, four)
    assert registers == [0x1001, 0x1002, 0x1003, 0x1004] and memory == [0x2001, 0x2002, 0x2003, 0x2004]
    for vf in VFS:
        flr(gim, vf)
        noticed(gim, vf)
        registers[vf - 1] = 0
        assert markers(gim, four) == (registers, memory), "memory is cleared when the next guest starts, not before"
    for vf in VFS:
        four.do(f"{vf} start")
        memory[vf - 1] = 0
        assert markers(gim, four)[1] == memory


def test_all_at_once(gim, four):
    flr(gim, *VFS)
    for vf in VFS:
        noticed(gim, vf)
    four.do(*(f"{vf} start" for vf in VFS))
    four.do(*(f"{vf} work 2000" for vf in VFS), *(f"{vf} wait 3000" for vf in VFS))


def test_twice_in_a_row(gim, four):
    flr(gim, 3)
    flr(gim, 3)
    noticed(gim, 3)
    four.do("3 start", "3 work 2000", "3 wait 3000", "1 work 2000", "1 wait 3000")


def test_a_hundred_resets_leave_the_others_their_share(gim, guests, card):
    gim.load("vf_num=4 sched_interval=500")
    four = guests()
    four.do("2 start", "3 start", "4 start")
    before = card.json("gpu-time")
    # As often as the guard allows: three times in a minute.
    gim.sh(f"""
        for i in $(seq 100); do
            echo '1 start' > /tmp/card0.in
            read vf command result rest < /tmp/card0.out
            [ "$result" = ok ] || {{ echo "round $i: $result"; exit 1; }}
            echo 1 > {gim.path()}/virtfn0/reset
            sleep 22
        done""", limit=400)
    said = [line for line in gim.said() if "resetting VF" in line]
    assert len(said) == 100 and all("VF1" in line for line in said)
    after = card.json("gpu-time")
    had = [after[f"VF{vf}"] - before[f"VF{vf}"] for vf in (2, 3, 4)]
    jain = sum(had) ** 2 / (len(had) * sum(n * n for n in had))
    assert jain >= 0.99, had
