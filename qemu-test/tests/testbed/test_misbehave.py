# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""A module that really does wrong: what a test of a driver must not overlook."""

import pathlib
import shutil
import subprocess
import time

import pytest

from testbed import CommandFailed, GuestCrash, GuestTimeout
from testbed.machine import AUTOPSY, PATIENCE
from testbed.paths import BUILD, stock_kernel_tree
from testbed.plugin import RUNNING

SOURCE = pathlib.Path(__file__).parent / "misbehave"
MODULE = BUILD / "misbehave" / "misbehave.ko"

pytestmark = pytest.mark.machine(module_files=(MODULE,))


@pytest.fixture(scope="module", autouse=True)
def built():
    """Builds the module for the stock kernel; make knows whether there is anything to do."""
    shutil.copytree(SOURCE, MODULE.parent, dirs_exist_ok=True)
    out = subprocess.run(["make", "-C", str(stock_kernel_tree()), f"M={MODULE.parent}", "CC=gcc-14", "modules"],
                         capture_output=True, text=True, timeout=200, check=False)
    assert out.returncode == 0, out.stdout + out.stderr


def test_a_module_of_one_s_own_is_no_problem(machine):
    machine.load("misbehave.ko")
    machine.sh("rmmod misbehave")


def test_a_module_that_refuses_says_why(machine):
    with pytest.raises(CommandFailed, match="No such device(?s:.*)misbehave: there is no such card"):
        machine.load("misbehave.ko", "how=refuse")


def test_a_warning_is_found(machine, request):
    _, checker = request.node.stash[RUNNING]
    machine.load("misbehave.ko", "how=warn")
    machine.sh("rmmod misbehave")
    found = "\n".join(checker.problems())
    assert "WARNING: " in found
    assert "Call Trace" in found
    assert found.endswith("the kernel is tainted: warning")


def test_an_oops_ends_the_guest_at_once(machine):
    begin = time.monotonic()
    with pytest.raises(GuestCrash, match="Kernel panic - not syncing: Fatal exception") as e:
        machine.load("misbehave.ko", "how=oops", limit=100)
    assert time.monotonic() - begin < 30
    assert "BUG: kernel NULL pointer dereference" in str(e.value)
    assert "misbehave_init" in str(e.value)


@pytest.mark.machine(cpus=1)
def test_a_kernel_that_spins_without_interrupts_is_ended(machine):
    begin = time.monotonic()
    with pytest.raises(GuestTimeout, match="no end within .* of: load misbehave.ko how=spin"):
        machine.load("misbehave.ko", "how=spin", limit=2)
    assert time.monotonic() - begin < 2 * PATIENCE + 2 * AUTOPSY + 5
    assert not machine.running
