# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Work of test programs on VFs, which the model adds: README.md of the device."""

from bare_card import commands, wanted

pytestmark = wanted()

QUEUE = "b2@1ffff0"
QUEUED, COMPLETED, LEFT, DONE_US = "b5@3fe04", "b5@3fe08", "b5@3fe0c", "b5@3fe10"


def test_work_is_done_only_while_the_vf_runs(pf, card, vfs):
    one, two = vfs[:2]
    assert one.get("b5@3fe00") == 0x574F524B
    pf.do(commands("INIT VF1, RUN VF1, IDLE VF1, SAVE VF1, INIT VF2, RUN VF2"))
    assert one.do(f"{QUEUE}=4e20", "us=30000", QUEUED, LEFT) == [1, 20000], "VF2 has the GPU"
    assert two.do(f"{QUEUE}=64", "us=2000", QUEUED, COMPLETED, DONE_US) == [0, 1, 100]
    pf.do(commands("IDLE VF2, SAVE VF2, LOAD VF1, RUN VF1"), "us=5000", commands("IDLE VF1, SAVE VF1"))
    run, idle = (next(c for c in reversed(card.json("command-log")) if c["op"] == op) for op in ("RUN", "IDLE"))
    assert card.json("work")["VF1"]["done-us"] == (idle["start"] - run["end"]) // 1000, "exactly what it ran"
    assert one.get(COMPLETED) == 0
    pf.do("us=30000", commands("LOAD VF1, RUN VF1"))
    one.do(f"{COMPLETED}~ffffffff=1")
    pf.do(commands("IDLE VF1, SAVE VF1"))
    assert card.json("work")["VF1"]["done-us"] == 20000
    assert card.driver_errors() == 0


def test_a_unit_that_ends_raises_an_interrupt(pf, vfs):
    pf.do(commands("INIT VF1, RUN VF1"))
    # VF1's ring in memory that Linux leaves alone: section 4.7
    vfs[0].do("c2@4=4", "b5@38c4=100000", "b5@38c0=80220195", f"{QUEUE}=3e8", f"{QUEUE}=3e8")
    vfs[0].do("b5@38cc~ffffffff=20")
    assert pf.get("p@10000000") & 0xFF == 0xB5


def test_a_busy_vf_shows_it(pf, vfs):
    pf.do(commands("INIT VF1, RUN VF1"))
    assert vfs[0].do(f"{QUEUE}=186a0", "b5@8010") == [0x80003028]
    pf.do(commands("IDLE VF1, SAVE VF1"))
    assert vfs[0].get("b5@8010") == 0x3028


def test_a_reset_and_init_drop_the_work(pf, vfs):
    vfs[0].do(f"{QUEUE}=186a0")
    pf.do(commands("INIT VF1"))
    assert vfs[0].do(QUEUED, f"{QUEUE}=186a0", QUEUED, "flr", QUEUED) == [0, 1, 0]


def test_a_full_queue_refuses(vfs):
    assert vfs[0].do(*[f"{QUEUE}=1"] * 70, QUEUED, "b5@3fe14") == [64, 6]


def test_work_shows_in_the_pointers_of_the_gfx_ring(pf, vfs):
    """Section 4.10: what a scheduler reads to find out whether a VF has work."""
    rptr, wptr, shadow, stat = "b5@8700", "b5@c114", "b0@1000", "b5@8680"
    one = vfs[0]
    pf.do(commands("INIT VF1, RUN VF1, IDLE VF1, SAVE VF1"))
    assert one.do("b5@c118=1000", "b5@c11c=0", f"{QUEUE}=64", f"{QUEUE}=64", rptr, wptr, shadow, stat) == [0, 2, 2, 0]
    # The PF finds the shadow in VRAM, at the VF's base.
    at = (272 << 20) + 0x1000
    assert pf.do("b5@18=0", f"b5@0={0x80000000 | at:x}", "b5@4") == [2]
    pf.do(commands("LOAD VF1, RUN VF1"))
    one.do(f"{rptr}~ffffffff=2")
    assert one.do(f"{QUEUE}=186a0", stat) == [0x80000000]
