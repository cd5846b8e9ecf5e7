# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Unbind, bind, load, unload: again and again, in every state, with nothing left behind."""

import re

import pytest

from testbed import MODULE
from testbed.check import KMEMLEAK

# The PCI core sleeps for a second whenever it disables VFs.
pytestmark = pytest.mark.machine(cards=2, module_files=(MODULE,), warp=True)

# What 80 rounds may add to a slab cache by chance, in objects.
NOISE = 60


def slabs(gim):
    """Objects in use in the caches that the driver and the PCI core take from. None on a debug kernel: KASAN keeps what
    was freed for a while, and kmemleak, which is asked after the test, tells what is lost."""
    if gim.machine.run(f"[ -e {KMEMLEAK} ]").status == 0:
        return {}
    gim.sh("sync; echo 3 > /proc/sys/vm/drop_caches")
    found = {}
    for line in gim.sh("cat /proc/slabinfo").splitlines()[2:]:
        name, active = line.split()[:2]
        if re.match(r"kmalloc-(?!rcl)|kernfs_node|kmem_cache$", name):
            found[name] = int(active)
    return found


def rounds(gim, n, prepare=""):
    """Unbinds and binds n times; fails at the first that does not work."""
    gim.sh(f"""
        dev={gim.path()} address={gim.machine.address("card0")}
        for i in $(seq {n}); do
            {prepare}
            echo $address > /sys/bus/pci/drivers/gim/unbind || exit 1
            echo $address > /sys/bus/pci/drivers/gim/bind || exit 1
            [ "$(cat $dev/sriov_numvfs)" = 2 ] || exit 1
        done""", limit=300)


def test_a_hundred_times(gim):
    gim.load("vf_num=2")
    # 20 times with VFs on, then 80 without.
    rounds(gim, 20)
    before = slabs(gim)
    rounds(gim, 80, "echo 0 > $dev/sriov_numvfs")
    after = slabs(gim)
    grown = {name: n - before.get(name, 0) for name, n in after.items() if n - before.get(name, 0) > NOISE}
    assert not grown, "objects left behind"


def test_fifty_times_up_and_down(gim):
    gim.load("vf_num=1")
    gim.set_vfs(0)
    gim.set_vfs(16)
    gim.set_vfs(0)
    before = slabs(gim)
    gim.sh(f"""
        for i in $(seq 50); do
            n=$((i % 16 + 1))
            echo $n > {gim.path()}/sriov_numvfs || exit 1
            [ "$(ls -d {gim.path()}/virtfn* | wc -l)" = $n ] || exit 1
            echo 0 > {gim.path()}/sriov_numvfs || exit 1
        done""", limit=300)
    after = slabs(gim)
    assert not {name: n - before.get(name, 0) for name, n in after.items() if n - before.get(name, 0) > NOISE}


def test_the_card_is_left_as_it_was_found(gim):
    found = [card.json("state") for card in gim.machine.cards]
    gim.load("vf_num=3")
    assert gim.machine.card(0).json("state") != found[0]
    gim.unload()
    # Twice: what the second finds is what the first has left.
    gim.load()
    gim.unload()
    assert [card.json("state") for card in gim.machine.cards] == found


def test_one_card_does_not_touch_the_other(gim):
    gim.load("vf_num=2")
    state = gim.machine.card(1).json("state")
    commands = gim.machine.card(1).json("counters")["commands"]
    gim.unbind("card0")
    gim.bind("card0")
    gim.set_vfs(0, "card0")
    assert gim.machine.card(1).json("state") == state
    assert gim.machine.card(1).json("counters")["commands"] == commands
    assert gim.vfs("card1") == 2


def test_hot_removal_and_rescan(gim):
    gim.load("vf_num=2")
    path = gim.path()
    gim.sh(f"echo 1 > {path}/remove")
    assert gim.machine.run(f"[ -e {path} ]").status == 1
    gim.sh("echo 1 > /sys/bus/pci/rescan")
    assert gim.bound() and gim.vfs() == 2
