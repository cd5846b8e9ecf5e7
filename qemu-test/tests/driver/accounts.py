# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The card's accounts, and the driver's own: who had the GPU for how long in a stretch of virtual time, and what that
cost.
"""

FOREVER = 100_000_000
# Of the worker and of the interrupt's thread: ns that they have run, first of all.
THREADS = "$(grep -lE '^(gim/|irq/.*-gim)' /proc/[0-9]*/comm 2>/dev/null | sed 's/comm$/schedstat/')"


class Window:
    """A stretch of virtual time, and what the card did in it."""

    def __init__(self, gim, crowd, ms, settled=False):
        card = gim.machine.card(0)
        # What the waits take has been learned.
        if not settled:
            crowd.do("1 sleep 500")
        card.set("counters-reset", True)
        # In one script: the clock of a guest that has nothing to do runs fast.
        before, after = (self._threads(part) for part in gim.sh(
            f"cat /proc/uptime {THREADS}; usleep {ms * 1000}; echo; cat /proc/uptime {THREADS}").split("\n\n"))
        # Nothing moves while the accounts are read.
        gim.machine.qmp("stop")
        self.gpu = card.json("gpu-time")
        self.switches = card.get("switches")
        self.counters = card.json("counters")
        self.log = card.json("command-log")
        self.commands = card.json("commands")
        self.command_time = card.json("command-time")
        gim.machine.qmp("cont")
        self.cpu = 100 * (after[1] - before[1]) / (after[0] - before[0])

    @staticmethod
    def _threads(text):
        """Time that the guest is up, and that the driver's threads have run, in ns."""
        up, *threads = text.splitlines()
        return float(up.split()[0]) * 1e9, sum(int(line.split()[0]) for line in threads)

    def share(self, n):
        """GPU time of the first n VFs."""
        return [self.gpu.get(f"VF{vf}", 0) for vf in range(1, n + 1)]

    @property
    def length(self):
        """From the end of the first command in the log to the end of the last."""
        return self.log[-1]["end"] - self.log[0]["end"]

    def accesses(self):
        """Accesses of the PF to the card for each world switch."""
        c = self.counters
        return sum(c[f"{space}-{kind}"] for space in ("config", "mmio", "doorbell") for kind in ("reads", "writes")) / (
            self.commands_of("RUN"))

    def commands_of(self, op):
        """How often a command was given."""
        return sum(ops.get(op, 0) for ops in self.commands.values())

    def lost_ns(self):
        """GPU time lost in each world switch beyond the commands' own."""
        gaps = [b["start"] - a["end"] for a, b in zip(self.log, self.log[1:], strict=False)
                if (a["op"], b["op"]) in (("IDLE", "SAVE"), ("SAVE", "LOAD"), ("LOAD", "RUN"))]
        return 3 * sum(gaps) / len(gaps)


def jain(shares):
    """Jain's index of fairness: 1 when all are equal."""
    return sum(shares) ** 2 / (len(shares) * sum(s * s for s in shares))
