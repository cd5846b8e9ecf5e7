# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The module's parameters: names, ranges, and what is said of a bad one."""

import pytest

from testbed import MODULE, CommandFailed

# Name and largest value; section 1.1 of the behaviour reference.
RANGES = {"fb_option": 1, "sched_option": 3, "vf_num": 16, "pf_fb": 65536, "vf_fb": 65536, "sched_interval": 2000,
          "sched_interval_us": 999, "fb_clear": 1, "keep_vfs": 1}

pytestmark = pytest.mark.machine(cards=["total-fb-mb=8190"], module_files=(MODULE,))


def values(gim):
    lines = gim.sh("cd /sys/module/gim/parameters && grep . *").splitlines()
    return {name: int(value) for name, _, value in (line.partition(":") for line in lines)}


@pytest.mark.parametrize("vfs", [0, 1, 4, 8, 16])
def test_vf_num(gim, vfs):
    gim.load(f"vf_num={vfs}")
    assert gim.vfs() == (vfs or 16)
    assert values(gim)["vf_num"] == vfs


def test_vf_num_absent(gim):
    gim.load()
    assert gim.vfs() == 16


@pytest.mark.parametrize("value", ["17", "-1", "4294967295", "4294967296", "four", "", "1.5"])
def test_vf_num_refused(gim, value):
    with pytest.raises(CommandFailed) as e:
        gim.load(f"vf_num={value}")
    assert "Invalid" in e.value.result.output
    assert "parameter vf_num" in e.value.result.output and "give 0 to 16" in e.value.result.output
    assert gim.vfs() == 0


@pytest.mark.parametrize("name", RANGES)
def test_above_the_largest(gim, name):
    with pytest.raises(CommandFailed) as e:
        gim.load(f"{name}={RANGES[name] + 1}")
    assert f"parameter {name}={RANGES[name] + 1}: out of range, give 0 to {RANGES[name]}" in e.value.result.output


def test_largest_and_readable(gim):
    given = {**RANGES, "pf_fb": 0x10000, "vf_num": 2, "keep_vfs": 0}
    gim.load(" ".join(f"{n}={v:#x}" for n, v in given.items()))
    assert values(gim) == given
    shown = gim.sh("cd /sys/module/gim/parameters; stat -c '%n %a %u' *").splitlines()
    modes = dict(line.split(" ", 1) for line in shown)
    assert modes == {**dict.fromkeys(RANGES, "444 0"), "keep_vfs": "644 0"}
    assert gim.machine.run("echo 2 > /sys/module/gim/parameters/keep_vfs").status != 0


def test_defaults(gim):
    gim.load()
    assert values(gim) == {**dict.fromkeys(RANGES, 0), "fb_clear": 1}


def test_described(gim):
    shown = gim.sh("modinfo gim.ko")
    for name in RANGES:
        assert f"{name}:" in shown
    assert "Dual MIT/GPL" in shown
