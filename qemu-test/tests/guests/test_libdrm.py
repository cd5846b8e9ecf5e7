# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Programs on amdgpu's VFs: libdrm's own tests of it submit commands and copies on two VFs at once, with VMIDs of their
own and page tables of two levels."""

import re

import pytest
from amdgpu import wanted

pytestmark = [pytest.mark.guests, wanted()]

# By number, as amdgpu_test counts them from 1: the suite and those of its tests that run. The program itself leaves out
# of "Basic Tests", on this chip: eviction (3), dispatches (10, 11), drawing (12), the reset of the GPU (13).
SUITES = {
    # Without "Sync dependency Test" (9): it needs shaders, which the emulated card has not. "Stable pstate Test" (14)
    # needs power management, which amdgpu has not on a VF.
    "Basic Tests": (1, (1, 2, 4, 5, 6, 7, 8)),
    "BO Tests": (2, (1, 2, 3, 4, 5, 6)),
    "VM Tests": (9, (1, 2, 3)),
    "SYNCOBJ TIMELINE Tests": (11, (1,)),
}
# Suites that do not run at all: those of UVD, VCE, VCN and JPEG, as a VF has no video engines; RAS, security (encrypted
# memory) and CP DMA, which are for newer chips; hot-unplug, which removes the device. Of "Deadlock Tests" see
# test_recovery.py.
SUMMARY = re.compile(r"^ +(tests|asserts) +(\d+) +(\d+) +(\d+) +(\d+)", re.M)


@pytest.fixture
def two(amdgpu):
    amdgpu.start(2)
    amdgpu.bind(1, 2)
    return amdgpu


@pytest.mark.parametrize("suite", SUITES)
def test_suite_on_two_vfs(two, suite):
    number, tests = SUITES[suite]
    two.card.set("counters-reset", True)
    # The inner shell takes the number from its environment.
    runs = [f"for t in {' '.join(map(str, tests))}; do export t; "
            f"{two.alone(vf, f'./amdgpu_test -s {number} -t $t')}; done" for vf in (1, 2)]
    out = two.gim.sh("\n".join([*(f"({run}) > /tmp/out.{vf} 2>&1 &" for vf, run in zip((1, 2), runs, strict=True)),
                                "wait", "cat /tmp/out.1", "echo ======", "cat /tmp/out.2"]), limit=500)
    for output in out.split("======"):
        results = SUMMARY.findall(output)
        assert [r for r in results if r[4] != "0"] == [], output
        assert len([r for r in results if r[0] == "tests" and r[2:4] == ("1", "1")]) == len(tests), output
    assert two.card.driver_errors() == 0
    if suite == "Basic Tests":
        for vf in (1, 2):
            assert all(two.work(vf)[ring]["bytes"] > 0 for ring in ("gfx", "compute", "sdma0")), two.work(vf)


def test_copies_on_two_vfs_go_on_over_world_switches(two):
    """Two programs let SDMA copy 1 GB each, between VRAM and the guest's memory and within VRAM."""
    two.card.set("counters-reset", True)
    copies = "./amdgpu_stress -b v 16m -b g 16m -c 1 2 16m 32 -c 2 1 16m 32"
    out = two.gim.sh("\n".join([*(f"({two.alone(vf, copies)}) > /tmp/out.{vf} 2>&1 &" for vf in (1, 2)), "wait",
                                "cat /tmp/out.1 /tmp/out.2"]), limit=300)
    assert out.count("Submitted") == 4, out
    for vf in (1, 2):
        work = two.work(vf)
        copied = work["sdma0"]["bytes"] + work["sdma1"]["bytes"]
        assert copied >= 64 * 16 << 20
        assert work["sdma0"]["suspended"] + work["sdma1"]["suspended"] > 0, work
    assert two.card.driver_errors() == 0
