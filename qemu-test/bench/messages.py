# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""What a message of a guest costs the host, and how long a guest waits for its answer."""

import collections
from statistics import median

from accounts import THREADS

from . import reglog

# So many that what the kernel does from time to time does not show.
MESSAGES = 1000
# Means nothing: see `vfclient`.
MESSAGE = 77
REQUESTS = 8
VFS = 4


def _ran(gim):
    """Instructions that the driver's threads have run; 0 if it is not known which these are."""
    if not gim.rig.ours:
        return 0
    return sum(int(line.split()[0]) for line in gim.sh(f"cat {THREADS}").splitlines())


def on(gim, messages=MESSAGES, requests=REQUESTS):
    """Figures, and accesses by register for each message, on a machine whose module is not loaded."""
    figures = {}
    gim.start(vfs=VFS)
    gim.lift_guard()
    # Nobody has started: the driver has nothing else to do.
    crowd = gim.guests()
    begin = reglog.mark(gim.machine)
    ran, before = _ran(gim), gim.counts()
    crowd.do(f"1 flood {messages}", limit=300)
    counted = gim.counts() - before
    ran = _ran(gim) - ran
    registers = collections.Counter(a.text for a in reglog.read(gim.machine, begin)
                                    if a.function == "PF" and a.space != "config")
    figures["message_accesses"] = sum(registers.values()) / messages
    figures["message_interrupts"] = counted.interrupts.times / messages
    figures["message_interrupt_instructions"] = counted.interrupts.all / counted.interrupts.times
    figures["message_instructions_ours"] = counted.total.ours / messages
    if ran:
        # The interrupt, and what its thread and the worker then take; the guest's own part is not in it.
        figures["message_instructions"] = (counted.interrupts.all + ran) / messages
    begin = reglog.mark(gim.machine)
    for vf in range(1, VFS + 1):
        crowd.do(*[f"{vf} start", f"{vf} end"] * requests, limit=300)
    waits = [served.ns for served in reglog.answers(reglog.read(gim.machine, begin))]
    figures["request_reply_us_p50"] = median(waits) / 1000
    figures["request_reply_us_max"] = max(waits) / 1000
    gim.again()
    return figures, {"message": {name: count / messages for name, count in registers.items()}}


def measure(rig):
    """The same, on a machine of its own."""
    with rig.machine("messages", count=True) as gim:
        return on(gim)
