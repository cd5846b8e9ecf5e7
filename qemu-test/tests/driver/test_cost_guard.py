# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""What the driver costs has not become more than the committed baseline says (`make bench` measures all of it)."""

import json

import pytest

from bench import figures, lifecycle, messages, switches
from bench.rig import Rig
from testbed import paths

pytestmark = pytest.mark.slow

BASELINE = json.loads((paths.QEMU_TEST / "bench" / "baseline.json").read_text())


@pytest.fixture(scope="module")
def measured():
    """Each figure that comes out the same again, from less than `make bench` takes for it."""
    with Rig().machine("guard", count=True) as gim:
        return (switches.on(gim, crowds=(16,), latencies=(0,), ms=1000)[0] | messages.on(gim, requests=1)[0]
                | lifecycle.on(gim)[0])


def test_nothing_costs_more(measured):
    worse = figures.worse(measured, BASELINE)
    assert not worse, "\n".join([*worse, "if it is worth that: `make bench BENCH_OPTIONS=--set-baseline`"])


def test_all_that_can_be_compared_is(measured):
    assert set(figures.EXACT) <= measured.keys() & BASELINE.keys()
