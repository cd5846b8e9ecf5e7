# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""What counts as a problem after a test."""

from types import SimpleNamespace

import pytest

from testbed import dmesg
from testbed.check import Checker


@pytest.mark.parametrize("line", [
    "WARNING: CPU: 0 PID: 61 at drivers/pci/remove.c:12 pci_stop+0x1/0x2",
    "BUG: kernel NULL pointer dereference, address: 0000000000000008",
    "Oops: Oops: 0000 [#1] SMP NOPTI",
    "Call Trace:",
    "WARNING: possible circular locking dependency detected",
    "refcount_t: underflow; use-after-free.",
    "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
    "INFO: task insmod:61 blocked for more than 120 seconds.",
    "watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [insmod:61]",
    "kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)",
    "UBSAN: array-index-out-of-bounds in a.c:3:4",
    "DMAR: [DMA Read NO_PASID] Request device [01:00.0] fault addr 0x0 [fault reason 0x06]",
    "sysfs: cannot create duplicate filename '/devices/x'",
    "rust_kernel: panicked at src/pf.rs:3:4:",
    "irq 16: nobody cared (try booting with the \"irqpoll\" option)",
])
def test_what_is_bad(line):
    line = f"[    1.234567] {line}"
    assert dmesg.problems(f"[    1.0] before\n{line}\nafter\n") == [line]
    assert dmesg.problems(line, ["nothing like it"]) == [line]
    assert dmesg.problems(line, ["nothing like it", r"\S{4,}"]) == []


@pytest.mark.parametrize("line", [
    "rcu: Hierarchical RCU implementation.",
    "DMAR: Intel(R) Virtualization Technology for Directed I/O",
    "gim: loading out-of-tree module taints kernel.",
    "gim 0000:01:00.0: VF 1: debug of the framebuffer at 0x1000",
])
def test_what_is_not(line):
    assert dmesg.problems(line) == []


SPLAT = """\
[  9.1] ------------[ cut here ]------------
[  9.1] WARNING: drivers/pci/remove.c:128 at {where}+0x5d/0x70, CPU#0: rmmod/153
[  9.1] Call Trace:
[  9.1]  sriov_disable+0x8f/0x1d0
[  9.1] ---[ end trace 0000000000000000 ]---
"""

CIRCLE = """\
[  9.1] ======================================================
[  9.1] WARNING: possible circular locking dependency detected
[  9.1] 7.3.4-gim-debug #1 Tainted: G           O
[  9.1] ------------------------------------------------------
[  9.1] irq/25-pciehp/30 is trying to acquire lock:
[  9.1] ff1100000767e2d8 ({lock}){{.+.+}}-{{4:4}}, at: pciehp_unconfigure_device+0x15b/0x1d0
[  9.1] Call Trace:
[  9.1]  </TASK>
"""

WAIT = """\
[  9.1] =============================
[  9.1] [ BUG: Invalid wait context ]
[  9.1] 7.3.4-gim-debug #1 Tainted: G        W  O
[  9.1] -----------------------------
[  9.1] rmmod/114 is trying to lock:
[  9.1] ffffffffa026d0b8 ({lock}){{-...}}-{{3:3}}, at: aer_inj_read_config+0x36/0x3b0 [aer_inject]
[  9.1] Call Trace:
[  9.1]  </TASK>
"""

PROC = """\
[  9.1] ------------[ cut here ]------------
[  9.1] name 'node'
[  9.1] WARNING: fs/proc/generic.c:742 at remove_proc_entry+0x2d1/0x440, CPU#0: failnth/73
[  9.1] Modules linked in: gim(O)
[  9.1] Call Trace:
[  9.1]  <TASK>
[  9.1]  {caller}+0xd1/0x170
[  9.1]  </TASK>
[  9.1] ---[ end trace 0000000000000000 ]---
"""


@pytest.mark.parametrize(("known", "other"), [
    [SPLAT.format(where=w) for w in ("pci_stop_and_remove_bus_device", "pci_stop_root_bus")],
    [CIRCLE.format(lock=lock) for lock in ("&ctrl->reset_lock", "&gim->lock")],
    [WAIT.format(lock=lock) for lock in ("inject_lock", "other_lock")],
    [PROC.format(caller=caller) for caller in ("unregister_irq_proc", "gim_exit")],
])
def test_the_warnings_that_are_known(known, other):
    assert dmesg.problems(known + "fine\n" + known) == []
    # And nothing else, before, behind or between.
    assert len(dmesg.problems(known + other + known)) == 2
    assert dmesg.problems(known + "BUG: bad\n" + known) == ["BUG: bad"]


def test_taints():
    assert dmesg.taints(1 << 12 | 1 << 13) == []
    assert dmesg.taints(1 << 7 | 1 << 9 | 1 << 12) == ["died with an oops", "warning"]


class Pretence:
    """A machine with one card, whose log and taints a test writes."""

    def __init__(self, log):
        self.log, self.lines, self.tainted = log, [], 0
        self.errors, self.debug = 0, False
        self.cards = [SimpleNamespace(name="card0", driver_errors=lambda: self.errors,
                                      driver_error_log=lambda: "RUN before LOAD")]

    def note(self, text):
        pass

    def run(self, script):
        assert "kmemleak" in script
        return SimpleNamespace(status=not self.debug)

    def sh(self, script):
        assert "dmesg -c" in script
        shown, self.lines = self.lines, []
        return "\n".join([str(self.tainted), *shown])


@pytest.fixture
def machine(tmp_path):
    return Pretence(tmp_path)


def test_what_the_driver_did_wrong_is_told_once(machine):
    checker = Checker(machine)
    assert checker.problems() == []
    machine.errors = 1
    assert checker.problems() == ["card0 has recorded errors of the driver (1):\nRUN before LOAD"]
    assert checker.problems() == []
    machine.errors = 2
    assert checker.problems(driver_errors=True) == []
    assert checker.problems() == []
    # A test has set the count back, and made another mistake.
    machine.errors = 0
    assert checker.problems() == []
    machine.errors = 1
    assert len(checker.problems()) == 1


def test_an_allowed_warning_may_taint_but_not_an_oops(machine):
    checker = Checker(machine)
    machine.lines.append("WARNING: known")
    machine.tainted = 1 << 9
    assert checker.problems(["known"]) == []
    machine.tainted |= 1 << 7
    assert checker.problems(["known"]) == ["the kernel is tainted: died with an oops"]
    assert checker.problems() == []


def test_the_log_is_kept(machine):
    checker = Checker(machine)
    machine.lines += ["one", "two"]
    checker.problems()
    checker.note("next test")
    machine.lines.append("three")
    checker.problems()
    assert (machine.log / "dmesg.txt").read_text() == "one\ntwo\n== next test\nthree\n"


@pytest.mark.parametrize("debug", [False, True])
def test_a_debug_kernel_may_say_what_it_likes_before_the_first_test(machine, debug):
    checker = Checker(machine)
    machine.debug = debug
    machine.lines.append("DMA-API: debugging enabled")
    machine.tainted = 1 << 5
    checker.boot()
    assert len(checker.problems()) == (0 if debug else 2)
    machine.lines.append("DMA-API: device driver frees memory that it has not allocated")
    assert len(checker.problems()) == 1
