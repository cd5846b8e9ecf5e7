# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""A guest that sends messages as fast as it can is stopped, and neither the host nor the other guests pay for it."""

import pytest
from accounts import FOREVER, Window

from testbed import MODULE, program

pytestmark = [pytest.mark.slow, pytest.mark.machine(cards=1, module_files=(MODULE,), warp=True,
                                                    files={"vfclient": program("vfclient")})]
OTHERS = (2, 3, 4)


@pytest.fixture
def four(gim, guests):
    gim.load("vf_num=4 sched_interval=6")
    found = guests()
    found.do(*(f"{vf} start" for vf in OTHERS), *(f"{vf} work {FOREVER}" for vf in OTHERS))
    return found


def had(window):
    """The part of its length that the VFs had the GPU."""
    return sum(window.share(4)) / window.length


@pytest.mark.cost
@pytest.mark.parametrize("how", ["flood", "storm"])
def test_neither_host_nor_others_pay(gim, four, how):
    """A flood waits for each acknowledgement; a storm takes its messages back before anybody has seen them."""
    quiet = Window(gim, four, 500)
    four.send("1 expect any", f"1 {how} 3000")
    gim.wait_for("VF1 is stopped for a while: too many")
    loud = Window(gim, four, 500, settled=True)
    print(f"{how}: {had(quiet):.4f} and {had(loud):.4f} of the GPU used, CPU {quiet.cpu:.2f} and {loud.cpu:.2f} %")
    # It goes on trying.
    assert loud.counters["ih-entries"] > 1000 or how == "flood"
    assert had(loud) > 0.98 * had(quiet)
    assert loud.cpu < quiet.cpu + 2
    four.answers(1)


def test_others_are_heard_in_a_storm(gim, guests):
    """Whatever of the others' messages the storm has pushed out of the ring."""
    gim.load("vf_num=4")
    four = guests()
    four.send("1 storm 5000")
    gim.wait_for("VF1 is stopped for a while: too many")
    four.do("2 start", "3 start", "4 start", "2 work 2000", "2 wait 1000", "2 end", "3 end", "4 end")
    assert gim.machine.card(0).json("counters")["ih-overflows"] > 0
    assert not [line for line in gim.said() if "stopped" in line and "VF1" not in line]
    four.answers(1)
