# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Looks for what should not be in a kernel log."""

import re

BAD = re.compile("|".join((
    r"WARNING:", r"\bBUG\b", r"\bOops\b", r"Call Trace", r"general protection fault", r"Kernel panic",
    r"possible (circular|recursive|irq) ", r"inconsistent lock state", r"suspicious RCU usage",
    r"INFO: trying to register", r"INFO: rcu", r"rcu:? .*(stall|starved)", r"INFO: task .* blocked", r"soft lockup",
    r"hard LOCKUP", r"refcount_t:", r"UBSAN:", r"KASAN:", r"KCSAN:", r"KFENCE:",
    r"kmemleak: .*(new suspected|unreferenced object)",
    r"list_(add|del) corruption",
    r"sysfs: cannot create duplicate", r"kobject.*(leaked|does not have a release)", r"DMA-API:", r"DMAR: .*[Ff]ault",
    r"rust_kernel: panicked", r"Unable to handle", r"unable to handle", r"nobody cared", r"scheduling while atomic",
)))
# Why a kernel may call itself tainted, by bit: Documentation/admin-guide/tainted-kernels.rst.
TAINTS = {0: "proprietary module", 1: "module loaded by force", 2: "out of its specification",
          3: "module unloaded by force", 4: "machine check", 5: "bad page", 6: "asked for by a user",
          7: "died with an oops", 8: "ACPI table overridden", 9: "warning", 10: "staging driver",
          11: "workaround for firmware", 12: "out-of-tree module", 13: "unsigned module", 14: "soft lockup",
          15: "live patch", 16: "auxiliary", 17: "struct randomised", 18: "in-kernel test"}
# Not the kernel's trouble: a parameter that it calls unsafe, modules of one's own.
HARMLESS = 1 << 6 | 1 << 12 | 1 << 13
# Warnings that a debug kernel has for every driver, as they are its own.
KNOWN = re.compile("|".join((
    # For a driver that disables VFs in its remove(), as all in the kernel do: the PCI core wants pci_rescan_remove_lock
    # held, but takes it itself for hot-removal and for sriov_numvfs only. A driver cannot know which of these has
    # called it. It cannot take the lock either: hot-removal takes the device's lock, which remove() is called with,
    # after this one, so that both together would wait for each other for ever.
    r"-+\[ cut here \]-+\n[^\n]*WARNING: drivers/pci/remove\.c:\d+ at pci_stop_and_remove_bus_device\b"
    r".*?-+\[ end trace [0-9a-f]+ \]-+",
    # For any device that is unplugged: pciehp takes pci_rescan_remove_lock below its reset_lock, lets go of that while
    # it removes the device, and takes it again.
    r"=+\n[^\n]*WARNING: possible circular locking dependency detected\n[^\n]*\n[^\n]*\n"
    r"[^\n]*irq/\d+-pciehp/\d+ is trying to acquire lock:\n"
    r"[^\n]*\(&ctrl->reset_lock\)[^\n]* at: pciehp_unconfigure_device\b.*?</TASK>",
    # For any access to configuration space once aer_inject has injected an error: its lock is one that may sleep on a
    # real-time kernel, and is taken with interrupts off.
    r"=+\n[^\n]*\[ BUG: Invalid wait context \]\n[^\n]*\n[^\n]*\n[^\n]* is trying to lock:\n"
    r"[^\n]*\(inject_lock\)[^\n]* at: aer_inj_\w+\+[^\n]*\[aer_inject\].*?</TASK>",
    # For an interrupt that is freed, for whose files in /proc/irq there was no memory.
    r"-+\[ cut here \]-+\n[^\n]*name '\w+'\n[^\n]*WARNING: fs/proc/generic\.c:\d+ at remove_proc_entry\b"
    r"(?:(?!Call Trace).)*Call Trace:\n[^\n]*<TASK>\n[^\n]* unregister_irq_proc\b.*?-+\[ end trace [0-9a-f]+ \]-+",
)), re.DOTALL)


def without_known(log):
    """A log without the warnings in KNOWN, and how many there were."""
    return KNOWN.subn("", log)


def problems(log, allowed=()):
    """The lines of a log that tell of a problem, but for those that match one of the patterns in `allowed`."""
    allowed = [re.compile(a) for a in allowed]
    return [line for line in without_known(log)[0].splitlines()
            if BAD.search(line) and not any(a.search(line) for a in allowed)]


def taints(mask):
    """What a mask of taints, as in /proc/sys/kernel/tainted, says beyond modules of one's own."""
    return [TAINTS.get(bit, f"bit {bit}") for bit in range(mask.bit_length())
            if mask & ~HARMLESS & 1 << bit]
