# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Guests that hang or crash are ended and reported, within the limit."""

import time

import pytest

from testbed import GuestCrash, GuestTimeout, Machine
from testbed.machine import AUTOPSY, PATIENCE


@pytest.mark.machine(fresh=True)
def test_a_hung_command(machine):
    begin = time.monotonic()
    with pytest.raises(GuestTimeout) as e:
        machine.run("echo begun; sleep 1000", limit=2)
    assert time.monotonic() - begin < 2 * PATIENCE + 2 * AUTOPSY + 5
    assert not machine.running
    assert e.value.output == b"begun\n"
    # What the kernel itself says of it.
    assert "sysrq: Show Blocked State" in str(e.value)
    with pytest.raises(GuestCrash):
        machine.run("true")


def test_a_panic(machine):
    begin = time.monotonic()
    with pytest.raises(GuestCrash, match="Kernel panic - not syncing: sysrq triggered crash") as e:
        machine.run("echo begun; usleep 100000; echo c > /proc/sysrq-trigger; sleep 1000", limit=100)
    assert time.monotonic() - begin < 30
    assert e.value.output == b"begun\n"
    assert "sysrq_handle_crash" in str(e.value)
    assert not machine.running


def test_a_machine_that_crashed_is_replaced(machine):
    assert machine.sh("uname") == "Linux"


def test_a_guest_that_does_nothing_at_all(machine):
    machine.qmp("stop")
    begin = time.monotonic()
    with pytest.raises(GuestTimeout, match="no end within"):
        machine.run("true", limit=2)
    assert time.monotonic() - begin < 2 * PATIENCE + 2 * AUTOPSY + 5
    assert not machine.running


def test_qemu_that_does_not_start(tmp_path):
    with pytest.raises(GuestCrash, match="'nonsense' is not a valid device model name"), \
            Machine(devices=["nonsense"], log=tmp_path / "log"):
        pass


def test_a_guest_that_does_not_boot(tmp_path):
    with pytest.raises(GuestTimeout, match="did not boot within"), \
            Machine(log=tmp_path / "log", append="rdinit=/bin/cat", boot_limit=3):
        pass
