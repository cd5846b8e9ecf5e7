# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The check after each test: the kernel's log, its taints, and the mistakes that the cards have recorded."""

from . import dmesg

# Of a debug kernel.
KMEMLEAK = "/sys/kernel/debug/kmemleak"


class Checker:
    """Looks at a machine again and again; each check tells only of what came since the one before."""

    def __init__(self, machine):
        self._machine = machine
        self._tainted = 0
        self._errors = {}

    def boot(self):
        """Takes for granted what a debug kernel has said while it booted, when nothing of ours was there: it speaks of
        its means to find mistakes, and sometimes finds one of the emulated CPU's."""
        if self._machine.run(f"[ -e {KMEMLEAK} ]").status == 0:
            _, self._tainted = self._look(leaks=False)

    def note(self, text):
        """Writes a line into the logs, to find one's way in them."""
        self._machine.note(text)
        self._keep(f"== {text}\n")

    def _keep(self, text):
        with open(self._machine.log / "dmesg.txt", "a") as out:
            out.write(text)

    def _look(self, leaks):
        """Takes the kernel's log since the last time, keeps it, and returns it and the kernel's taints; `leaks`: after
        a search for memory that was lost."""
        # To read it clears it: a log that grows takes longer to read after each test.
        tainted, _, log = self._machine.sh(f"""
            if {str(leaks).lower()} && [ -e {KMEMLEAK} ]; then
                # What is younger than 5 s does not count, and what may just have moved is looked at twice.
                sleep 6; echo scan > {KMEMLEAK}; echo scan > {KMEMLEAK}
                while read -r line; do echo "kmemleak: $line" > /dev/kmsg; done < {KMEMLEAK}
                echo clear > {KMEMLEAK}
            fi
            cat /proc/sys/kernel/tainted
            dmesg -c""").partition("\n")
        log = log and log + "\n"
        self._keep(log)
        return log, int(tainted)

    def problems(self, allowed=(), driver_errors=False, leaks=True):
        """What is wrong, as a list of texts.

        allowed: patterns of lines that may be in the log; if there are any, a warning may also taint the kernel.
        driver_errors: whether the cards may have recorded mistakes of the driver; leaks: whether to search for lost
        memory, which takes a debug kernel a minute.
        """
        log, tainted = self._look(leaks)
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
