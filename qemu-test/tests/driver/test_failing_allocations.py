# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The kernel has no memory, at any point of what the driver does: that fails, or goes on without, and leaves nothing
behind. For the debug kernel (`make test-debug`), which can be told which allocation is to fail.
"""

import pytest
from gim_module import CONTROL

from testbed import MODULE, program

pytestmark = [pytest.mark.debug, pytest.mark.machine(
    cards=1, module_files=(MODULE,), warp=True, append="iomem=relaxed",
    files={"vfclient": program("vfclient"), "failnth": program("failnth")})]

FAILSLAB = "/sys/kernel/debug/failslab"
# Frames of the stack that are looked at: the most that can be had, and those that suffice for what the driver calls but
# not for ACPI's interpreter far below it, which counts references wrongly once it has had no memory.
FAR, NEAR = 32, 12


def adding_vfs(gim):
    """What the PCI core does not survive itself, whichever driver asks: it deletes a device that it could not add."""
    start, end = gim.sh("grep -A 1 ' pci_iov_add_virtfn$' /proc/kallsyms").splitlines()
    return f"0x{start.split()[0]}", f"0x{end.split()[0]}"


def ours(gim):
    """The module."""
    lines = gim.sh(r"grep ' [tT] .*\[gim\]' /proc/kallsyms").splitlines()
    addresses = [int(line.split()[0], 16) for line in lines]
    return hex(min(addresses)), hex(max(addresses))


def fail(gim, points, write, undo, *, of=(0, "0xffffffffffffffff"), depth=FAR, thread=0):
    """Writes to sysfs with one allocation failing, another one each time, `points` of all; the results. It is one with
    `of` in its stack.
    """
    # Of slabs, also those that may wait. Whole pages are left alone, as the kernel would warn.
    settings = {"ignore-gfp-wait": "N", "verbose": 0, "stacktrace-depth": depth}
    settings["require-start"], settings["require-end"] = of
    settings["reject-start"], settings["reject-end"] = adding_vfs(gim)
    gim.sh("\n".join(f"echo {value} > {FAILSLAB}/{name}" for name, value in settings.items()))
    lines = gim.sh(f"./failnth {points} {thread} {write} {undo}", limit=600).splitlines()
    results = [tuple(map(int, line.split())) for line in lines[:-1]]
    failed = sum(error != 0 for _, error in results)
    print(f"{lines[-1]} allocations, {len(results)} of them failed, and {failed} times the write")
    assert len(results) >= min(points, int(lines[-1].split()[1]))
    return results


def works(gim, guests):
    """The card serves guests as if nothing had been."""
    two = guests()
    two.do("1 start", "2 start", "1 work 2000", "1 wait 2000", "1 end", "2 end")
    two.close()


def test_bind(gim, guests):
    gim.load("vf_num=2")
    address = gim.machine.address("card0")
    gim.unbind()
    results = fail(gim, 60, f"{CONTROL}/bind {address}", f"{CONTROL}/unbind {address}", of=ours(gim), depth=NEAR)
    assert any(error for _, error in results)
    gim.bind()
    works(gim, guests)


def test_enable(gim, guests):
    gim.load("vf_num=2")
    gim.set_vfs(0)
    results = fail(gim, 40, f"{gim.path()}/sriov_numvfs 2", f"{gim.path()}/sriov_numvfs 0")
    assert any(error for _, error in results)
    gim.set_vfs(2)
    works(gim, guests)


def worker(gim):
    """The id of the thread that owns the GPU."""
    return gim.sh("grep -l ^gim/ /proc/[0-9]*/comm | cut -d/ -f3")


@pytest.mark.parametrize(("what", "points"), [("vf1/reset", 15), ("reset", 8)], ids=["VF", "GPU"])
def test_reset(gim, guests, what, points):
    gim.load("vf_num=2")
    two = guests()
    two.do("1 start", "2 start")
    gim.no_guards()
    admin = f"{gim.path()}/sriov_admin"
    fail(gim, points, f"{admin}/{what} 1", f"{admin}/{what} 1", thread=worker(gim))
    two.close()
    works(gim, guests)
