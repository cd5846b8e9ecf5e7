# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""How equal shares are, and how exact slices, for each policy."""

from statistics import quantiles

from accounts import Window, begin_work, jain

POLICIES = ("solid", "predictable", "liquid", "fair")
CROWDS = (2, 4, 16)
ROUNDS = 25
QUANTUM = 6


def measure(rig):
    """Figures, and the slices' errors in us by policy."""
    figures, errors = {}, {}
    with rig.machine("fairness") as gim:
        for number, policy in enumerate(POLICIES):
            if not rig.ours and policy == "fair":
                continue
            gim.start(vfs=16, policy=number, quantum=QUANTUM)
            crowd, started = gim.guests(), 0
            for n in CROWDS:
                begin_work(crowd, range(started + 1, n + 1))
                started = n
                # Predictable has slots for those that are not there.
                window = Window(gim, crowd, QUANTUM * ROUNDS * (16 if policy == "predictable" else n))
                figures[f"jain_{policy}_{n}"] = jain(window.share(n))
            # From the end of RUN to the start of IDLE; a slot of predictable also has the four commands of a switch.
            slot = QUANTUM * 1000 - (4 * 50 if policy == "predictable" else 0)
            errors[policy] = [ns / 1000 - slot for ns in window.slices()]
            figures |= spread(f"slice_error_us_{policy}", errors[policy])
            gim.again()
    return figures, errors


def spread(name, errors):
    """Median, 99th percentile and largest of how far values are off, whichever way."""
    off = sorted(abs(e) for e in errors)
    steps = quantiles(off, n=100)
    return {f"{name}_p50": steps[49], f"{name}_p99": steps[98], f"{name}_max": off[-1]}
