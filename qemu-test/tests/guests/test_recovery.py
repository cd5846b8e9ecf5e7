# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""A ring of a VF hangs: amdgpu notices, asks the PF's driver for a reset of its VF, and works again; other VFs do not
notice."""

import pytest
from amdgpu import wanted

pytestmark = [pytest.mark.guests, wanted()]

# One test of libdrm that uses this ring
USES = {"gfx": 4, "sdma0": 7}


@pytest.mark.parametrize("ring", USES)
def test_a_ring_that_stops_is_brought_back(amdgpu, ring):
    amdgpu.start(2)
    amdgpu.bind(1, 2)
    amdgpu.card.set("counters-reset", True)
    program = amdgpu.alone(1, f"./amdgpu_test -s 1 -t {USES[ring]}")
    amdgpu.card.set("fault-ring", f"function=VF1,ring={ring},until=flr")
    amdgpu.gim.sh(f"({program}) > /tmp/hung 2>&1 &")
    amdgpu.gim.wait_for(f"amdgpu.*ring {ring} timeout", 120)
    # The other VF has the GPU meanwhile.
    amdgpu.test_buffers(2)
    amdgpu.gim.wait_for("amdgpu.*GPU reset(1) succeeded", 120)
    assert amdgpu.card.json("counters")["vf-flrs"] == 1
    amdgpu.gim.sh("wait; . lib.sh; wait_for 60 sh -c '! pidof amdgpu_test'")
    amdgpu.test_buffers(1, 2)
    assert "  asserts" in (out := amdgpu.gim.sh(f"{program} 2>&1", limit=200)) and "FAILED" not in out, out
    assert amdgpu.card.driver_errors() == 0
