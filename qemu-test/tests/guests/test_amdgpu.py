# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Debian's amdgpu on VFs: it starts, its own tests of rings and buffers pass, and the card has nothing to say against
the PF's driver meanwhile."""

import pytest
from amdgpu import wanted

pytestmark = [pytest.mark.guests, wanted()]

# What amdgpu says when a ring does not do what it should, or when it does not get an answer.
COMPLAINTS = "amdgpu.*(failed|timeout|timed out|doesn.t get|IB test|hang|GPU fault)"


def test_one_vf(amdgpu):
    amdgpu.start(1)
    amdgpu.bind(1)
    amdgpu.test_buffers(1)
    assert amdgpu.gim.lines(COMPLAINTS) == []
