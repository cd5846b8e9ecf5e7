# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""What the driver costs has not become more than the committed baseline says (`make bench` measures all of it)."""

from bench import figures, guard
from bench.rig import Rig


def test_nothing_costs_more():
    measured, baseline = guard.measure(Rig()), guard.baseline()
    print("\n".join(f"{name}: {value:.2f}, baseline {baseline.get(name)}" for name, value in measured.items()))
    assert measured.keys() == baseline.keys()
    worse = figures.worse(measured, baseline)
    assert not worse, "\n".join([*worse, "if it is worth that: `make bench BENCH_OPTIONS=--set-baseline`"])
