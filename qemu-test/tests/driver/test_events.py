# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""What befalls the machine or the way to the card: sleep, shutdown, errors on the bus, removal while guests run."""

import shlex
import struct

import pytest
from gim_module import Gim, Guests, state

from testbed import MODULE, dmesg, initramfs, machine, paths, program
from testbed.check import Checker

pytestmark = [pytest.mark.slow, pytest.mark.machine(cards=1, module_files=(MODULE,), modules=("aer-inject",), warp=True,
                                 append="iomem=relaxed", files={"vfclient": program("vfclient")})]

# PCI_ERR_UNC_POISON_TLP is not fatal by default, PCI_ERR_UNC_DLP is.
POISONED, DATA_LINK = 1 << 12, 1 << 4
CONFIG_MEMSIZE = 0x5428


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


def test_resume_of_a_card_that_has_lost_everything(gim, four):
    """As after a sleep in which it had no power."""
    four.do("1 start", "1 end")
    card = gim.machine.card(0)
    before, resets = state(card), card.json("counters")["bus-resets"]
    registers = gim.sh(f"sed -n 6p {gim.path()}/resource").split()[0]
    gim.sh(f"devmem {int(registers, 16) + CONFIG_MEMSIZE:#x} 32 0")
    assert sleep_and_wake(gim).status == 0
    assert any("has lost what its VBIOS set up" in line for line in gim.said())
    assert card.json("counters")["bus-resets"] == resets + 1 and card.json("gpu")["posted"]
    assert state(card) == before
    four.do("1 start", "2 start", "1 work 2000", "1 wait 1000", "1 end", "2 end")
    assert card.driver_errors() == 0, card.driver_error_log()


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
def test_a_fatal_error(gim, guests):
    gim.load("vf_num=1")
    gim.set_vfs(0)
    inject(gim, DATA_LINK)
    assert any("bus error: the card cannot be reached" in line for line in gim.said())
    # It has lost everything.
    assert gim.machine.card(0).json("gpu")["posted"]
    gim.set_vfs(2)
    two = guests()
    two.do("1 start", "2 start", "1 work 2000", "1 wait 1000", "1 end", "2 end")
    two.close()
    gim.unload()


# A VF without a driver that knows of errors keeps the PCI core from getting over them.
@pytest.mark.machine(fresh=True, modules=("aer-inject", "vfio-pci", "vfio_iommu_type1"))
def test_a_fatal_error_while_vfs_are_on(gim, guests):
    gim.load("vf_num=2")
    gim.give_vfs()
    card = gim.machine.card(0)
    before, resets = state(card), card.json("counters")["bus-resets"]
    inject(gim, DATA_LINK)
    assert gim.sh("dmesg | grep -c 'AER: device recovery successful'") == "1"
    # That of the PCI core, and none of our own.
    assert card.json("counters")["bus-resets"] == resets + 1 and card.json("gpu")["posted"]
    assert state(card) == before and gim.vfs() == 2
    two = guests(vfio=True)
    two.do("1 start", "2 start", "1 work 2000", "1 wait 1000", "1 end", "2 end")


@pytest.mark.machine(fresh=True, cards=["hotplug=on"])
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


def test_another_kernel_while_guests_run(machines, request):
    """kexec: nothing but the shutdown of devices lies between the two."""
    kernel, files = paths.kernel(), {"vfclient": program("vfclient")}
    again = initramfs.make(kernel, module_files=(MODULE,), files={f"{initramfs.JOB}/{k}": v for k, v in files.items()})
    guest, _ = machines.get({
        "module_files": (MODULE,), "warp": True, "cards": 1, "append": "iomem=relaxed", "fresh": True,
        "files": {**files, "kexec": program("kexec"), "kernel": kernel.image, "again": again}}, request.node.nodeid)
    gim = Gim(guest)
    gim.load("vf_num=4")
    Guests(gim).do("1 start", "2 start", "3 init")
    command_line = shlex.quote(f"{machine.APPEND} iomem=relaxed")
    gim.sh(f"(usleep 200000; ./kexec kernel again {command_line}) > /dev/kmsg 2>&1 &")
    guest.wait_booted()
    checker = Checker(guest)
    checker.boot()
    assert guest.card(0).json("gpu")["phase"] == "free"
    gim.load("vf_num=4")
    assert gim.vfs() == 4
    four = Guests(gim)
    four.do("1 start", "2 start", "1 work 2000", "1 wait 1000", "1 end", "2 end")
    four.close()
    gim.unload()
    problems = checker.problems()
    machines.drop()
    assert not problems, "\n".join(problems)
