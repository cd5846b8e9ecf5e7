# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""A ring of a VF hangs: amdgpu notices, asks the PF's driver for a reset of its VF, and works again; other VFs do not
notice."""

import pytest
from amdgpu import wanted

pytestmark = [pytest.mark.guests, wanted()]

# One test of libdrm that uses this ring
USES = {"gfx": 4, "sdma0": 7}


def works(amdgpu, vf, test):
    """Whether one of libdrm's basic tests passes on a VF."""
    out = amdgpu.gim.sh(f"{amdgpu.alone(vf, f'./amdgpu_test -s 1 -t {test}')} 2>&1", limit=300)
    return "...passed" in out and "FAILED" not in out


def hang(amdgpu, test):
    """Starts one of libdrm's basic tests on VF1, which is not to end before amdgpu has had its VF reset."""
    amdgpu.gim.sh(f"({amdgpu.alone(1, f'./amdgpu_test -s 1 -t {test}')}) > /tmp/hung 2>&1 &")


def recovered(amdgpu):
    """amdgpu has had its VF reset, and all that hung is gone."""
    amdgpu.gim.wait_for("amdgpu.*GPU reset(1) succeeded", 120)
    amdgpu.gim.sh(". lib.sh; wait_for 60 sh -c '! pidof amdgpu_test'", limit=200)
    amdgpu.test_buffers(1, 2)


@pytest.mark.parametrize("ring", USES)
def test_a_ring_that_stops_is_brought_back(amdgpu, ring):
    amdgpu.start(2)
    amdgpu.bind(1, 2)
    amdgpu.card.set("counters-reset", True)
    amdgpu.card.set("fault-ring", f"function=VF1,ring={ring},until=flr")
    hang(amdgpu, USES[ring])
    # The other VF has the GPU meanwhile, and works.
    assert works(amdgpu, 2, USES[ring])
    assert amdgpu.card.json("counters")["vf-flrs"] == 0
    amdgpu.gim.wait_for(f"amdgpu.*ring {ring} timeout", 120)
    recovered(amdgpu)
    assert any("resetting VF1: its guest asked for it" in line for line in amdgpu.gim.said())
    assert amdgpu.card.json("counters")["vf-flrs"] == 1
    assert works(amdgpu, 1, USES[ring]) and works(amdgpu, 2, USES[ring])
    assert amdgpu.card.driver_errors() == 0


def test_a_vf_that_hangs_in_a_world_switch_is_brought_back(amdgpu):
    """Its engines do not become idle: the PF's driver resets it and tells it; amdgpu, which does not listen then, finds
    its rings gone with the next job, and asks for a reset of its own."""
    amdgpu.start(2)
    amdgpu.bind(1, 2)
    amdgpu.card.set("counters-reset", True)
    amdgpu.card.set("fault-command", "op=IDLE,function=VF1,status=0e,after-ms=102,once")
    amdgpu.wait(lambda: amdgpu.card.json("counters")["vf-flrs"])
    assert any("resetting VF1" in line for line in amdgpu.gim.said()), amdgpu.gim.said()
    hang(amdgpu, USES["gfx"])
    assert works(amdgpu, 2, USES["gfx"])
    recovered(amdgpu)
    # It has had its reset: what it asks for only makes it start anew.
    assert amdgpu.card.json("counters")["vf-flrs"] == 1
    assert works(amdgpu, 1, USES["gfx"])
    assert amdgpu.card.driver_errors() == 0
