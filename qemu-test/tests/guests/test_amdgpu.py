# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Debian's amdgpu on VFs: it starts, its own tests of rings and buffers pass while the PF's driver switches between
VFs, it goes and comes back, and the card has nothing to say against the PF's driver meanwhile."""

import pytest
from amdgpu import wanted

pytestmark = [pytest.mark.guests, wanted()]

# What amdgpu says when a ring does not do what it should, or when it does not get an answer.
COMPLAINTS = "amdgpu.*(failed|timeout|timed out|doesn.t get|IB test|hang|GPU fault)"
RINGS = ("gfx", "compute", "sdma0", "sdma1")


@pytest.mark.parametrize("vfs", [1, 2, 16])
def test_vfs_at_once(amdgpu, vfs):
    amdgpu.start(vfs)
    all_vfs = range(1, vfs + 1)
    amdgpu.bind(*all_vfs)
    assert len(amdgpu.bound()) == vfs
    amdgpu.card.set("counters-reset", True)
    amdgpu.test_buffers(*all_vfs)
    assert amdgpu.gim.lines(COMPLAINTS) == []
    work = [amdgpu.work(vf) for vf in all_vfs]
    assert all(w[ring]["buffers"] > 0 and w[ring]["fences"] > 0 for w in work for ring in RINGS), work
    assert all(w["vm-faults"] == 0 for w in work), work
    # One that is alone keeps the GPU; others have had several turns.
    commands = amdgpu.card.json("commands")
    assert vfs == 1 or all(commands[f"VF{vf}"]["RUN"] >= 2 for vf in all_vfs), commands
    assert amdgpu.card.driver_errors() == 0


def test_a_vf_is_given_up_and_taken_again(amdgpu):
    amdgpu.start(2)
    amdgpu.bind(1, 2)
    start, size = amdgpu.vram.range_of(1)
    # Marks of this guest at the end of its memory, which amdgpu itself hardly uses, written by amdgpu
    mark = b"somebody else's secret"
    amdgpu.machine.write("/tmp/mark", mark)
    for offset in (size - 4096, size // 2):
        amdgpu.gim.sh(f"dd if=/tmp/mark of={amdgpu.debugfs(1)}/amdgpu_vram bs=4 seek={offset // 4} conv=notrunc,sync")
    assert amdgpu.vram.find(mark, start + size // 2, size // 2) == start + size // 2
    other = amdgpu.vram.read(*amdgpu.vram.range_of(2)[:1], 65536)
    amdgpu.unbind(1)
    assert amdgpu.vram.used(start, size) == 0
    assert amdgpu.vram.read(*amdgpu.vram.range_of(2)[:1], 65536) == other
    amdgpu.test_buffers(2)
    amdgpu.bind(1)
    amdgpu.test_buffers(1, 2)
    assert amdgpu.vram.find(mark, start, size) is None
    assert amdgpu.gim.lines(COMPLAINTS) == []
