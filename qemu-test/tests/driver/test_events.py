# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""What befalls the machine or the way to the card: sleep, shutdown, errors on the bus, removal while guests run."""

import struct

import pytest

from testbed import MODULE, dmesg, program

pytestmark = [pytest.mark.slow, pytest.mark.machine(cards=1, module_files=(MODULE,), modules=("aer-inject",), warp=True,
                                 append="iomem=relaxed", files={"vfclient": program("vfclient")})]

# Hot-plug by the root port itself, as in a real machine, and not by the firmware.
NATIVE_HOTPLUG = ("-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off")
# PCI_ERR_UNC_POISON_TLP is not fatal by default, PCI_ERR_UNC_DLP is.
POISONED, DATA_LINK = 1 << 12, 1 << 4


@pytest.fixture
def four(gim, guests):
    gim.load("vf_num=4")
    return guests()


def sleep_and_wake(gim):
    """Suspends to idle as far as the PCI core goes, and wakes up; returns the result of the write."""
    return gim.machine.run("echo platform > /sys/power/pm_test; echo freeze > /sys/power/state", limit=120)


def test_no_suspend_while_a_guest_runs(gim, four):
    four.do("3 start")
    assert sleep_and_wake(gim).status != 0
    assert any("no suspend: a guest's driver runs on VF3" in line for line in gim.said())
    # It did not notice.
    four.do("3 work 2000", "3 wait 1000", "3 end")


def test_suspend_and_resume(gim, four):
    four.do("1 start", "1 end")
    commands = gim.machine.card(0).json("counters")["commands"]
    assert sleep_and_wake(gim).status == 0
    # A clean register image was made anew, and guests are served as before.
    assert gim.machine.card(0).json("counters")["commands"] > commands
    assert gim.vfs() == 4
    four.do("1 start", "2 start", "1 work 2000", "1 wait 1000", "1 end", "2 end")


def test_suspend_without_vfs(gim):
    gim.load("vf_num=1")
    gim.set_vfs(0)
    assert sleep_and_wake(gim).status == 0
    gim.set_vfs(2)
    assert gim.vfs() == 2


def inject(gim, error):
    """Has the root port report an uncorrectable error of the card."""
    bus, slot = (int(n, 16) for n in gim.machine.address("card0")[5:].split(".")[0].split(":"))
    gim.sh("modprobe aer-inject")
    gim.sh("cat > /dev/aer_inject", given=struct.pack("<BBBx7I", bus, slot, 0, error, 0, 0, 0, 0, 0, 0))
    gim.sh(". lib.sh; wait_for 10 sh -c 'dmesg | tail -n 40 | grep -q \"AER: device recovery\"'")


def test_an_error_that_is_over(gim):
    gim.load("vf_num=1")
    gim.set_vfs(0)
    inject(gim, POISONED)
    said = gim.said()
    assert any("bus error: going on" in line for line in said) and any("bus error is over" in line for line in said)
    gim.set_vfs(2)
    assert gim.vfs() == 2


@pytest.mark.machine(fresh=True)
def test_a_fatal_error(gim):
    gim.load("vf_num=1")
    gim.set_vfs(0)
    inject(gim, DATA_LINK)
    assert any("bus error: the card cannot be reached" in line for line in gim.said())
    # Whether the card can be used again depends on whether it can be initialised; the driver can go in any case.
    gim.unload()


@pytest.mark.machine(fresh=True, qemu_args=NATIVE_HOTPLUG)
@pytest.mark.parametrize("how", ["remove", "gone", "unplug"])
def test_removal_while_guests_run(gim, four, how):
    four.do("1 start", "2 start", "3 init")
    path = gim.path()
    four.send("1 work 100000", "2 work 100000")
    if how == "gone":
        gim.machine.card(0).set("fault-gone", "now")
    gim.sh("killall -9 vfclient")
    if how == "unplug":
        gim.machine.qmp("device_del", id="card0")
        gim.sh(f". lib.sh; wait_for 60 test ! -e {path}", limit=90)
    else:
        gim.sh(f"echo 1 > {path}/remove", limit=90)
    assert gim.machine.run(f"[ -e {path} ]").status == 1
    gim.unload()
    if how == "unplug":
        # There is no card any more that could be asked.
        assert not dmesg.problems(gim.sh("dmesg"))
        gim.machine.stop()


@pytest.mark.machine(fresh=True, qemu_args=("-action", "shutdown=pause"))
@pytest.mark.parametrize("command", ["reboot -f", "poweroff -f"])
def test_shutdown_while_guests_run(gim, four, command):
    four.do("1 start", "2 start", "3 init")
    gim.sh(f"(usleep 200000; {command}) > /dev/null 2>&1 &")
    machine, card = gim.machine, gim.machine.card(0)
    for _ in range(600):
        status = machine.qmp("query-status")["status"]
        if status in ("shutdown", "paused"):
            break
        machine.console.wait_for("reboot: ", 0.1)
    assert status in ("shutdown", "paused")
    assert machine.console.wait_for("reboot: ", 1)
    assert card.json("gpu")["phase"] == "free"
    state = card.json("state")
    assert state["COMMAND"] & 4 == 0, "bus mastering is off"
    assert state["IH_RB_CNTL"] & 1 == 0, "the ring is off"
    assert card.driver_errors() == 0, card.driver_error_log()
    machine.stop()
