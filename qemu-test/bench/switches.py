# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""What a world switch costs: accesses, instructions, GPU time, and the CPU with so many busy VFs."""

from statistics import median

from accounts import Window, begin_work, registers

from . import reglog

LATENCIES = (0, 50, 500)
CROWDS = (0, 1, 4, 16)
IDLE, RUN = 1, 4


def suffix(latency):
    """In names of figures."""
    return f"lat{latency}us" if latency else "lat0"


def on(gim, crowds=CROWDS, latencies=LATENCIES, ms=2000):
    """Figures, and accesses by register for each latency, on a machine whose module is not loaded."""
    figures, by_register = {}, {}
    card = gim.machine.card(0)
    gim.start(vfs=16)
    crowd, started = gim.guests(), 0
    for n in crowds:
        card.set("command-latency-us", 50)
        begin_work(crowd, range(started + 1, n + 1))
        started = n
        for latency in latencies:
            card.set("command-latency-us", latency)
            begin = reglog.mark(gim.machine)
            window = Window(gim, crowd, ms, counter=gim.counter)
            counted = window.counted
            figures[f"cpu_percent_{n}vf_6ms_{latency}us"] = 100 * counted.caused / window.counters["ns"]
            if n != max(crowds):
                continue
            switches = window.world_switches
            figures[f"switch_accesses_{suffix(latency)}"] = window.accesses()
            figures[f"switch_lost_us_{suffix(latency)}"] = window.lost_ns() / 1000
            figures[f"switch_instructions_{suffix(latency)}"] = counted.caused / switches
            figures[f"switch_instructions_ours_{suffix(latency)}"] = counted.total.ours / switches
            by_register[f"world switch, {suffix(latency)}"] = {
                k: v / switches for k, v in registers(window.registers).items()}
            if not latency:
                span = reglog.spans(reglog.read(gim.machine, begin), IDLE, RUN)
                # Of some, programs of the guest are part.
                figures["switch_instructions_first_to_last_access"] = median(span)
    card.set("command-latency-us", 50)
    gim.again()
    figures["switch_instructions"] = figures["switch_instructions_lat0"]
    figures["switch_instructions_ours"] = figures["switch_instructions_ours_lat0"]
    return figures, by_register


def measure(rig):
    """The same, on a machine of its own."""
    with rig.machine("switches", count=True) as gim:
        return on(gim)
