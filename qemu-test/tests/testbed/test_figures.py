# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""What `make bench` and the guard say of two sets of figures."""

import pytest

from bench import guard
from bench.figures import EXACT, differ, worse

BASELINE = guard.baseline()


def test_the_baseline_has_all_that_comes_out_the_same():
    assert sorted(BASELINE) == sorted(EXACT)


def test_the_same_is_not_worse():
    assert not worse(BASELINE, BASELINE) and not differ(BASELINE, BASELINE)


def test_better_is_not_worse_but_differs():
    better = BASELINE | {"probe_accesses": BASELINE["probe_accesses"] // 2}
    assert not worse(better, BASELINE)
    assert [line.split(":")[0] for line in differ(better, BASELINE)] == ["probe_accesses"]


@pytest.mark.parametrize("name, factor, is_worse", [
    ("vf_reset_accesses", 1 + 1 / BASELINE["vf_reset_accesses"], True),
    ("switch_accesses_lat0", 9 / 8, True),
    ("switch_instructions", 1.031, True),
    ("switch_instructions", 1.029, False),
])
def test_worse_says_by_how_much(name, factor, is_worse):
    lines = worse(BASELINE | {name: BASELINE[name] * factor}, BASELINE)
    assert len(lines) == is_worse
    assert all(line.startswith(f"{name}: ") and f"+{100 * (factor - 1):.1f} %" in line for line in lines)


def test_a_figure_that_was_not_measured_is_left_out():
    assert not worse({}, BASELINE) and not differ({}, BASELINE)
