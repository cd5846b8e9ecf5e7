# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""What can go wrong with a guest."""


class GuestError(Exception):
    """A guest that is of no use any more; the text ends with the last lines of its console.

    `output` is what the command that ran had printed until then.
    """

    output = b""


class GuestCrash(GuestError):
    """The guest's kernel panicked, or QEMU ended by itself."""


class GuestTimeout(GuestError):
    """The guest did not boot, or did not end a command, within its limit; it has been ended."""


class CommandFailed(AssertionError):
    """A command in the guest returned another status than 0."""

    def __init__(self, command, result):
        self.command, self.result = command, result
        super().__init__(f"status {result.status} of: {command.strip()}\n{result.output.strip()[-4000:]}")
