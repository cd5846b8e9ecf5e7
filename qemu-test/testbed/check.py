# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The check after each test: the kernel's log, its taints, and the mistakes that the cards have recorded."""

import secrets

from . import dmesg

# Of a debug kernel.
KMEMLEAK = "/sys/kernel/debug/kmemleak"


class Checker:
    """Looks at a machine again and again; each check tells only of what came since the one before."""

    def __init__(self, machine):
        self._machine = machine
        self._mark = "testbed: no check yet"
        self._tainted = 0
        self._errors = {}

    def note(self, text):
        """Writes a line into the kernel's log, to find one's way in it."""
        self._machine.sh("cat > /dev/kmsg", given=f"test: {text}\n".encode())

    def _look(self):
        """The kernel's log since the last check, and its taints."""
        old, self._mark = self._mark, f"testbed: checked {secrets.token_hex(4)}"
        # The mark first: what comes after it is for the next check. Should the old one have been pushed out of the log,
        # to show too much is better than too little.
        text = self._machine.sh(f"""
            if [ -e {KMEMLEAK} ]; then
                # What is younger than 5 s does not count, and what may just have moved is looked at twice.
                sleep 6; echo scan > {KMEMLEAK}; echo scan > {KMEMLEAK}
                while read -r line; do echo "kmemleak: $line" > /dev/kmsg; done < {KMEMLEAK}
                echo clear > {KMEMLEAK}
            fi
            cat > /dev/kmsg
            cat /proc/sys/kernel/tainted
            dmesg > /tmp/dmesg
            if grep -q '{old}' /tmp/dmesg; then sed '1,/{old}/d' /tmp/dmesg; else cat /tmp/dmesg; fi
            rm /tmp/dmesg""", given=f"{self._mark}\n".encode())
        tainted, _, log = text.partition("\n")
        # Up to the new mark.
        return "".join(line + "\n" for line in log.partition(self._mark)[0].split("\n")[:-1]), int(tainted)

    def problems(self, allowed=(), driver_errors=False):
        """What is wrong, as a list of texts.

        allowed: patterns of lines that may be in the log; if there are any, a warning may also taint the kernel.
        driver_errors: whether the cards may have recorded mistakes of the driver.
        """
        log, tainted = self._look()
        with open(self._machine.log / "dmesg.txt", "a") as out:
            out.write(log)
        found = [f"dmesg: {line}" for line in dmesg.problems(log, allowed)]
        new = tainted & ~self._tainted
        if allowed or dmesg.without_known(log)[1]:
            new &= ~(1 << 9)
        found += [f"the kernel is tainted: {what}" for what in dmesg.taints(new)]
        self._tainted = tainted
        for card in self._machine.cards:
            count = card.driver_errors()
            if count > self._errors.get(card.name, 0) and not driver_errors:
                found.append(f"{card.name} has recorded errors of the driver ({count}):\n{card.driver_error_log()}")
            self._errors[card.name] = count
        return found
