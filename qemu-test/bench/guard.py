# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The figures that come out the same each time, measured in less time than `make bench` takes, and the committed
baseline, than which no change may make them worse."""

import json
import pathlib

from . import lifecycle, messages, switches
from .figures import EXACT

BASELINE = pathlib.Path(__file__).resolve().parent / "baseline.json"


def measure(rig):
    """Each of them; on one machine, in always the same order."""
    with rig.machine("guard", count=True) as gim:
        found = (switches.on(gim, crowds=(16,), latencies=(0,), ms=1000)[0] | messages.on(gim, requests=1)[0]
                 | lifecycle.on(gim)[0])
    return {name: found[name] for name in EXACT}


def baseline():
    """What was committed."""
    return json.loads(BASELINE.read_text())


def set_baseline(figures):
    """Writes what is to be committed."""
    BASELINE.write_text(json.dumps({name: round(value, 4) for name, value in figures.items()}, indent=1) + "\n")
