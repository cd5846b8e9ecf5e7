# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The check after each test: the kernel's log, its taints, and the mistakes that the cards have recorded."""

import secrets

from . import dmesg


class Checker:
    """Looks at a machine again and again; each check tells only of what came since the one before."""

    def __init__(self, machine):
        self._machine = machine
        self._mark = None
        self._tainted = 0
        self._errors = {}

    def note(self, text):
        """Writes a line into the kernel's log, to find one's way in it."""
        self._machine.sh("cat > /dev/kmsg", given=f"test: {text}\n".encode())

    def log(self):
        """The kernel's log since the last check."""
        text = self._machine.sh("dmesg")
        if self._mark and self._mark in text:
            return text.partition(self._mark)[2].partition("\n")[2]
        # At first there is no mark; and should it have been lost, to show too much is better than too little.
        return text

    def problems(self, allowed=(), driver_errors=False):
        """What is wrong, as a list of texts.

        allowed: patterns of lines that may be in the log; if there are any, a warning may also taint the kernel.
        driver_errors: whether the cards may have recorded mistakes of the driver.
        """
        log = self.log()
        with open(self._machine.log / "dmesg.txt", "a") as out:
            out.write(log)
        found = [f"dmesg: {line}" for line in dmesg.problems(log, allowed)]
        tainted = int(self._machine.sh("cat /proc/sys/kernel/tainted"))
        new = tainted & ~self._tainted
        if allowed:
            new &= ~(1 << 9)
        found += [f"the kernel is tainted: {what}" for what in dmesg.taints(new)]
        self._tainted = tainted
        for card in self._machine.cards:
            count = card.driver_errors()
            if count > self._errors.get(card.name, 0) and not driver_errors:
                found.append(f"{card.name} has recorded errors of the driver ({count}):\n{card.driver_error_log()}")
            self._errors[card.name] = count
        self._mark = f"testbed: checked {secrets.token_hex(4)}"
        self._machine.sh("cat > /dev/kmsg", given=f"{self._mark}\n".encode())
        return found
