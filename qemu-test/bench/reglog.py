# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Reads a card's log of accesses. Its times are those of the guest's clock, which is an instruction a nanosecond."""

import collections
import dataclasses

READY = 1
# Of a VF's MAILBOX_CONTROL: its message is there.
VALID = 1


@dataclasses.dataclass(frozen=True)
class Access:
    """One access."""

    ns: int
    function: str
    space: str
    write: bool
    name: str
    value: int

    @property
    def text(self):
        """What it is, as in figures by register."""
        return f"{'write' if self.write else 'read'} {self.name}"


def _path(machine):
    machine.card(0).set("reglog-flush", True)
    return machine.log / "registers.log"


def mark(machine):
    """Where the log ends now."""
    return _path(machine).stat().st_size


def read(machine, since=0):
    """The accesses since a mark; events inside the card are left out."""
    with _path(machine).open() as lines:
        lines.seek(since)
        for line in lines:
            words = line.split()
            if len(words) >= 8 and words[3] != "event":
                yield Access(int(words[1]), words[2], words[3], words[4][0] == "W", words[6], int(words[-1], 16))


def spans(accesses, first, last):
    """From each command `first` of the PF to the last look at the command `last` that follows it, in ns."""
    begin = end = op = None
    found = []
    for a in accesses:
        if a.function != "PF" or a.space != "config":
            continue
        if a.write and a.name == "GPUIOV_CMD_CONTROL":
            op = a.value & 0xF
            if op == first:
                if begin is not None and end is not None:
                    found.append(end - begin)
                begin, end = a.ns, None
        elif op == last and begin is not None:
            end = a.ns
    return found


@dataclasses.dataclass
class Served:
    """What the driver did from a VF's message to its answer."""

    message: int
    begin: int
    ns: int = 0
    registers: collections.Counter = dataclasses.field(default_factory=collections.Counter)


def answers(accesses):
    """Each request of a VF that was answered with READY; accesses are all of the PF's meanwhile."""
    message, asked, found, index = {}, {}, [], None
    for a in accesses:
        if a.function != "PF":
            if a.write and a.name == "MAILBOX_MSGBUF_TRN_DW0":
                message[a.function] = a.value
            elif a.write and a.name == "MAILBOX_CONTROL" and a.value & VALID:
                asked[a.function] = Served(message.get(a.function), a.ns)
            continue
        for served in asked.values():
            served.registers[a.text] += 1
        if a.write and a.name == "MAILBOX_INDEX":
            index = a.value
        elif a.write and a.name == "MAILBOX_MSGBUF_TRN_DW0" and a.value == READY:
            served = asked.pop(f"VF{index + 1}", None)
            if served:
                served.ns = a.ns - served.begin
                found.append(served)
    return found
