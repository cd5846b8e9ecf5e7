# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Fixtures of the card's own tests."""

import subprocess

import pytest
from bare_card import KNOBS, POKE, SWITCHES, Function, commands

from testbed.paths import GUEST


@pytest.fixture(scope="session", autouse=True)
def poke_program():
    """Compiles the guest's program before the first machine boots."""
    source = GUEST / "poke.c"
    if not POKE.exists() or POKE.stat().st_mtime < source.stat().st_mtime:
        POKE.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["gcc-14", "-O2", "-static", "-Wall", "-Wextra", "-Werror", "-o", POKE, source], check=True)


@pytest.fixture
def card(machine):
    """The first card, as new: reset, no faults, counters at zero."""
    card = machine.card(0)
    for knob in KNOBS:
        card.set(knob, "")
    for switch in SWITCHES:
        card.set(switch, False)
    card.set("command-latency-us", 50)
    # Decoding and bus mastering as a driver would have them. The reset disables VFs, of which Linux is not told.
    # What is not the PF's keeps what was written: the straps, the SMC's registers, RLC-V.
    Function(machine, card.address).do("c2@4=7", "flr", "c2@4=7", "b5@38=1500008", "b5@3c=200004", "b5@38=0",
                                       "b5@698=c0200048", "b5@69c=c00", "b5@698=0", "b5@3ed18=1")
    card.set("driver-errors-clear", True)
    card.set("counters-reset", True)
    return card


@pytest.fixture
def pf(machine, card):
    """The first card's PF."""
    return Function(machine, card.address)


@pytest.fixture
def vfs(pf):
    """16 VFs with framebuffers, and a clean context of the PF, as after a driver's probe."""
    # It takes Linux more than a second to find 16 VFs: it is asked to once, and then they are enabled without it.
    if getattr(pf.machine, "linux_vfs", 0) != 16:
        pf.enable(16)
    pf.do("b5@38=1500008", "b5@3c=4", "c2@338=10", "vfs=16", "fb", commands("INIT PF, RUN PF, IDLE PF, SAVE PF"))
    return [pf.vf(n) for n in range(1, 17)]


@pytest.fixture
def vf(pf, card, vfs):
    """The first VF, which has the GPU, with engines that work."""
    card.set("engines", True)
    pf.do(commands("INIT VF1, RUN VF1"))
    yield vfs[0]
    card.set("fault-ring", "")
    card.set("engines", False)
