# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""A card that stops answering at any access: the driver fails or goes on without it, in bounded time, and can go.

The accesses of a run that goes well are counted; then the card is gone after some of these, from the first to the last.
"""

import pytest
from gim_module import CONTROL

from testbed import MODULE, program

pytestmark = [pytest.mark.slow, pytest.mark.allow_driver_errors, pytest.mark.machine(
    cards=1, module_files=(MODULE,), warp=True, append="iomem=relaxed", files={"vfclient": program("vfclient")})]

ACCESSES = [f"{space}-{kind}" for space in ("config", "mmio", "doorbell") for kind in ("reads", "writes")]
# At most so many of them.
POINTS = 12


def accesses(card):
    """Of the PF, so far."""
    counters = card.json("counters")
    return sum(counters[name] for name in ACCESSES)


@pytest.mark.parametrize("what", ["bind", "enable", "disable", "unbind"])
def test_at_any_access(gim, what):
    card, address = gim.machine.card(0), gim.machine.address("card0")
    bound = f"[ -e {CONTROL}/{address} ]"
    steps = {"bind": f"echo {address} > {CONTROL}/bind", "enable": f"echo 4 > {gim.path()}/sriov_numvfs",
             "disable": f"echo 0 > {gim.path()}/sriov_numvfs", "unbind": f"echo {address} > {CONTROL}/unbind"}
    before = {"bind": steps["unbind"], "enable": steps["disable"], "disable": "true", "unbind": "true"}[what]
    gim.load("vf_num=4")
    gim.sh(before)
    start = accesses(card)
    gim.sh(steps[what])
    total = accesses(card) - start
    points = min(POINTS, total)
    assert points > 1
    for point in range(points):
        gim.sh(f"{bound} || {steps['bind']}; [ $(cat {gim.path()}/sriov_numvfs) = 4 ] || {steps['enable']}; {before}")
        card.set("fault-gone", f"after={1 + point * (total - 1) // (points - 1)}")
        gim.machine.run(steps[what], limit=60)
        gim.sh(f"! {bound} || {steps['unbind']}", limit=60)
        card.set("fault-gone", "")
        assert gim.machine.run(bound).status != 0
        assert gim.sh(f"ls -d {gim.path()}/virtfn* 2>/dev/null | wc -l") == "0"
        # Nobody knows what is in it.
        gim.sh(f"echo flr > {gim.path()}/reset_method && echo 1 > {gim.path()}/reset")
