# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The cards' accounts, and the driver's own: who had the GPU for how long in a stretch of virtual time, and what that
cost. For tests and for `make bench`; judges nothing.
"""

FOREVER = 100_000_000
# Of the worker and of the interrupt's thread: ns that they have run, first of all.
THREADS = "$(grep -lE '^(gim/|irq/.*-gim)' /proc/[0-9]*/comm 2>/dev/null | sed 's/comm$/schedstat/')"
SPACES = ("config", "mmio", "doorbell")
KINDS = ("reads", "writes")


def begin_work(crowd, vfs):
    """Starts guests on these VFs, and gives them work for ever."""
    crowd.do(*(f"{vf} start" for vf in vfs), *(f"{vf} work {FOREVER}" for vf in vfs), limit=120)


def busy(gim, guests, n, parameters=""):
    """Loads the module and starts guests on the first n VFs, which have work for ever."""
    gim.load(f"vf_num={n} {parameters}")
    crowd = guests()
    begin_work(crowd, range(1, n + 1))
    return crowd


def accesses(counters):
    """All accesses of the PF to the card, of what its property `counters` says."""
    return sum(counters[f"{space}-{kind}"] for space in SPACES for kind in KINDS)


def registers(counts):
    """Accesses to each register, reads and writes apart, of what its property `register-counts` says."""
    return {f"{kind[:-1]} {name}": each[kind] for name, each in counts.items() for kind in KINDS if each[kind]}


class Account:
    """What a card has counted since its counters were reset. Nothing may move while it is read."""

    def __init__(self, card):
        self.gpu = card.json("gpu-time")
        self.switches = card.get("switches")
        self.counters = card.json("counters")
        self.registers = card.json("register-counts")
        self.log = card.json("command-log")
        self.commands = card.json("commands")
        self.command_time = card.json("command-time")

    def share(self, n):
        """GPU time of the first n VFs."""
        return [self.gpu.get(f"VF{vf}", 0) for vf in range(1, n + 1)]

    @property
    def length(self):
        """From the end of the first command in the log to the end of the last."""
        return self.log[-1]["end"] - self.log[0]["end"]

    def accesses(self):
        """Accesses of the PF to the card for each world switch."""
        return accesses(self.counters) / self.world_switches

    @property
    def world_switches(self):
        """World switches, where nothing else was done: a quarter for each command, as the account may begin and end in
        the middle of one."""
        return sum(sum(ops.values()) for ops in self.commands.values()) / 4

    def commands_of(self, op):
        """How often a command was given."""
        return sum(ops.get(op, 0) for ops in self.commands.values())

    def lost_ns(self):
        """GPU time lost in each world switch beyond the commands' own."""
        gaps = [b["start"] - a["end"] for a, b in zip(self.log, self.log[1:], strict=False)
                if (a["op"], b["op"]) in (("IDLE", "SAVE"), ("SAVE", "LOAD"), ("LOAD", "RUN"))]
        return 3 * sum(gaps) / len(gaps)

    def slices(self):
        """How long VFs ran, each time, in ns."""
        return [b["start"] - a["end"] for a, b in zip(self.log, self.log[1:], strict=False)
                if (a["op"], b["op"]) == ("RUN", "IDLE") and a["function"] == b["function"] != "PF"]


class Window(Account):
    """A stretch of virtual time, and what a card did in it.

    cards: more of them, whose accounts are in `others`; counter: has something to `read`, whose difference is in
    `counted`; settled: whether what the waits take has been learned.
    """

    def __init__(self, gim, crowd, ms, cards=(), counter=None, settled=False):
        machine = gim.machine
        everybody = [machine.card(number) for number in (0, *cards)]
        if not settled:
            crowd.do("1 sleep 500")
        # At the same time: the clock of a guest that has nothing to do runs fast.
        machine.qmp("stop")
        for each in everybody:
            each.set("counters-reset", True)
        begin = counter and counter.read()
        machine.qmp("cont")
        # In one script, for the same reason.
        before, after = (self._threads(part) for part in gim.sh(
            f"cat /proc/uptime {THREADS}; usleep {ms * 1000}; echo; cat /proc/uptime {THREADS}").split("\n\n"))
        machine.qmp("stop")
        super().__init__(everybody[0])
        self.others = [Account(other) for other in everybody[1:]]
        self.counted = counter and counter.read() - begin
        machine.qmp("cont")
        self.cpu = 100 * (after[1] - before[1]) / (after[0] - before[0])

    @staticmethod
    def _threads(text):
        """Time that the guest is up, and that the driver's threads have run, in ns."""
        up, *threads = text.splitlines()
        return float(up.split()[0]) * 1e9, sum(int(line.split()[0]) for line in threads)


def jain(shares):
    """Jain's index of fairness: 1 when all are equal."""
    return sum(shares) ** 2 / (len(shares) * sum(s * s for s in shares))
