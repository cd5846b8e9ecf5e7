# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Who gets the GPU for how long, and what that costs: by the card's accounts, in virtual time and in accesses."""

from statistics import mean

import pytest
from accounts import FOREVER, THREADS, Window, begin_work, busy, jain

from testbed import MODULE, program

pytestmark = pytest.mark.machine(cards=1, module_files=(MODULE,), warp=True, files={"vfclient": program("vfclient")})


@pytest.mark.parametrize("policy", [0, 2, 3], ids=["solid", "liquid", "fair"])
@pytest.mark.parametrize("n", [2, 4, 16])
def test_equal_shares(gim, guests, policy, n):
    crowd = busy(gim, guests, n, f"sched_option={policy}")
    window = Window(gim, crowd, 200 * n)
    assert jain(window.share(n)) >= 0.999


@pytest.mark.parametrize("n", [2, 4, 16])
def test_predictable_slots(gim, guests, n):
    gim.load(f"vf_num={n} sched_option=1 sched_interval=6")
    crowd = guests()
    begin_work(crowd, (1, 2))
    window = Window(gim, crowd, 100 * n)
    for vf in ("VF1", "VF2"):
        turns = [c for c in window.log if c["function"] == vf and c["op"] in ("RUN", "IDLE")]
        turns = turns[turns[0]["op"] == "IDLE":]
        slots = [idle["start"] - run["end"] for run, idle in zip(turns[::2], turns[1::2], strict=False)]
        rounds = [b["end"] - a["end"] for a, b in zip(turns[::2], turns[2::2], strict=False)]
        # The four commands of a switch, of 50 us each, are part of a slot.
        assert mean(slots) + 4 * 50_000 == pytest.approx(6_000_000, rel=0.05)
        assert mean(rounds) == pytest.approx(n * 6_000_000, rel=0.01)


def test_liquid_gives_idle_vfs_nothing(gim, guests):
    gim.load("vf_num=4 sched_option=2")
    crowd = guests()
    crowd.do(*(f"{vf} start" for vf in range(1, 5)), f"2 work {FOREVER}", f"4 work {FOREVER}")
    window = Window(gim, crowd, 500)
    one, two, three, four = window.share(4)
    assert one == three == 0
    assert jain([two, four]) >= 0.999
    # And everything to those that have work.
    assert two + four + sum(window.command_time.values()) >= 0.98 * window.length


@pytest.mark.parametrize(("latency", "accesses"), [(0, 8), (50, 16), (500, 16)])
def test_cost_of_a_world_switch(gim, guests, latency, accesses):
    card = gim.machine.card(0)
    card.set("command-latency-us", latency)
    crowd = busy(gim, guests, 16, "sched_interval=6")
    window = Window(gim, crowd, 2000)
    card.set("command-latency-us", 50)
    print(f"latency {latency} us: {window.accesses():.2f} accesses, {window.lost_ns() / 1000:.1f} us lost, "
          f"CPU {window.cpu:.2f} %")
    if latency:
        assert window.accesses() < accesses
        assert window.lost_ns() < 80_000
    else:
        # Four commands, of one write and one read each; the window may begin or end in the middle of one.
        config = sum(window.counters[f"config-{kind}"] for kind in ("reads", "writes"))
        assert config == pytest.approx(2 * window.counters["commands"], abs=1)
        assert window.counters["commands"] == pytest.approx(4 * window.commands_of("RUN"), abs=3)
        # And once a second a look at who was reset.
        assert window.accesses() < accesses + 0.02
    assert window.cpu < 1


def test_no_guest_no_work(gim, guests):
    gim.load("vf_num=16")
    crowd = guests()
    window_start = gim.machine.card(0).json("counters")
    worker = f"cat {THREADS}"
    ran = gim.sh(worker)
    crowd.do("1 sleep 5000")
    assert gim.sh(worker) == ran
    assert gim.machine.card(0).json("counters")["commands"] == window_start["commands"]


def test_a_lone_guest_is_checked_twice_a_second(gim, guests):
    crowd = busy(gim, guests, 1)
    window = Window(gim, crowd, 5000)
    ends = [command["end"] for command in window.log if command["op"] == "IDLE"]
    gaps = [b - a for a, b in zip(ends, ends[1:], strict=False)]
    # The clock runs on until the card's record is read, so there may be more.
    assert len(gaps) >= 8
    assert gaps == pytest.approx([500_000_000] * len(gaps), rel=0.02)
