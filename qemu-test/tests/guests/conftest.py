# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Fixtures of the tests with real guests' drivers."""

import pytest
from amdgpu import Amdgpu
from gim_module import Gim


@pytest.fixture
def amdgpu(machine):
    """amdgpu, loaded and bound to nothing, and the PF's driver, which is not loaded."""
    gim = Gim(machine)
    gim.mark()
    driver = Amdgpu(gim)
    yield driver
    if machine.running:
        driver.stop()
