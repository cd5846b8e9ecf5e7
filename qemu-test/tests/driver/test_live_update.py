# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Live update: the module goes and comes again under guests that work, start, stop and talk; none of them notices."""

import re

import pytest

from testbed import MODULE, program

pytestmark = [
    pytest.mark.machine(cards=1, module_files=(MODULE,), warp=True, append="iomem=relaxed",
                        files={"vfclient": program("vfclient")}),
    # The PCI core warns whoever leaves VFs enabled.
    pytest.mark.allow_dmesg("driver left SR-IOV enabled after remove"),
]

FOREVER = 100_000_000


def update(gim):
    """Another module in place of this one; the VFs stay."""
    gim.sh("echo 1 > /sys/module/gim/parameters/keep_vfs && rmmod gim")
    gim.load("keep_vfs=1 vf_num=8")


def commands(gim, command):
    """How often the card was given a command, for each function."""
    return {function: ops.get(command, 0) for function, ops in gim.machine.card(0).json("commands").items()}


@pytest.fixture
def eight(gim, guests):
    gim.load("vf_num=8")
    # Guests that start, stop and talk all the time; the guard is tested elsewhere.
    gim.sh(f"for f in {gim.path()}/sriov_admin/guard_*_limit; do echo 0 > $f; done")
    yield guests()
    gim.sh("echo 0 > /sys/module/gim/parameters/keep_vfs")


def many(gim, eight, times):
    """Updates again and again under load; returns how long there was no driver each time, in ms."""
    working, talking = (5, 6), (7, 8)
    eight.do(*(f"{vf} start" for vf in working + talking), *(f"{vf} work {FOREVER}" for vf in working))
    gim.mark()
    eight.send(*(f"{vf} cycle {times}" for vf in range(1, 5)))
    answers = []
    for i in range(times):
        eight.send(*(f"{vf} text this is line {i} of VF {vf}" for vf in talking),
                   *(f"{vf} work 1000" for vf in talking))
        update(gim)
        answers += eight.answers(4)
    while len([a for a in answers if a[1] == "cycle"]) < 4:
        answers += eight.answers(1, limit=120)
    expected = 4 + 4 * times
    answers += eight.answers(expected - len(answers))
    assert all(a[2] == "ok" for a in answers), answers
    eight.do(*(f"{vf} wait 5000" for vf in talking))
    said = "\n".join(gim.said())
    for vf in talking:
        lines = re.findall(rf"VF{vf} says: this is line (\d+) of VF {vf}$", said, re.M)
        assert lines == [str(i) for i in range(times)]
    # Those that went on working were neither started again nor reset.
    rounds = {int(a[0]): int(a[4]) for a in answers if a[1] == "cycle"}
    assert {f: n for f, n in commands(gim, "INIT").items() if f != "PF"} == {
        **{f"VF{vf}": n for vf, n in rounds.items()}, **{f"VF{vf}": 1 for vf in working + talking}}
    assert commands(gim, "INIT")["PF"] == 1
    assert gim.machine.card(0).json("counters")["vf-flrs"] == 0
    work = gim.machine.card(0).json("work")
    assert [work[f"VF{vf}"]["done-us"] for vf in talking] == [1000 * times] * 2
    assert "resetting" not in said
    return [int(ms) for ms in re.findall(r"8 VFs are taken over as they are, after (\d+) ms", said)]


def test_three_times(gim, eight):
    gaps = many(gim, eight, 3)
    assert len(gaps) == 3


@pytest.mark.slow
def test_fifty_times(gim, eight):
    gaps = many(gim, eight, 50)
    assert len(gaps) == 50
    print(f"\n50 updates under 8 VFs: {min(gaps)} to {max(gaps)} ms without a driver")


def test_exclusive_access_goes_on(gim, eight):
    eight.do("1 start", "2 init")
    eight.send("3 init", "1 sleep 100")
    eight.answers(1)
    switches = gim.machine.card(0).get("switches")
    update(gim)
    # VF2 has the GPU, before and after; VF3 still waits.
    assert gim.machine.card(0).json("gpu")["function"] == "VF2"
    assert gim.machine.card(0).get("switches") == switches
    eight.do("2 rel-init")
    assert eight.answers(1)[0][:3] == ["3", "init", "ok"]
    eight.do("3 rel-init", "1 end", "2 end", "3 end")


def test_what_was_set_stays(gim, eight):
    admin = f"{gim.path()}/sriov_admin"
    gim.sh(f"echo fair > {admin}/policy; echo 300 > {admin}/vf3/profile/weight; echo 1 > {admin}/vf4/stop; "
           f"echo 70000 > {admin}/vf2/profile/preempt_timeout_us; echo $((256 << 20)) > {admin}/vf2/profile/vram_quota")
    eight.do("1 start", "1 work 20000", "1 wait 3000")
    shown = f"cd {admin}; cat policy vf3/profile/weight vf4/state vf1/stats/messages vf1/stats/exclusive_accesses " \
            "vf2/profile/preempt_timeout_us vf*/profile/vram_quota vf1/stats/last_init_start_ms; ls -d vf*/device"
    before, used = gim.sh(shown), int(gim.sh(f"cat {admin}/vf1/stats/gpu_time_us"))
    update(gim)
    assert gim.sh(shown) == before
    # It ran meanwhile.
    assert int(gim.sh(f"cat {admin}/vf1/stats/gpu_time_us")) > used
    eight.do("1 work 20000", "1 wait 3000", "1 end")


def test_the_card_is_as_it_was_found_in_the_end(gim):
    found = gim.machine.card(0).json("state")
    gim.load("vf_num=8")
    update(gim)
    gim.sh("echo 0 > /sys/module/gim/parameters/keep_vfs")
    gim.unload()
    assert gim.machine.card(0).json("state") == found
    assert gim.vfs() == 0


def test_without_request_the_vfs_go(gim, eight):
    eight.do("1 start")
    gim.unload()
    assert gim.vfs() == 0
    # What was left once is not taken for the state of today.
    gim.load("vf_num=8")
    assert not any("taken over" in line for line in gim.said())
