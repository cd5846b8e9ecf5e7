# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""What the assembler says of a source that is wrong."""


class SourceError(Exception):
    """A mistake in the source; the text says what, and after `located` also in which line."""

    def located(self, line):
        """The same with the line's number, unless it has one."""
        return self if str(self).startswith("line ") else SourceError(f"line {line}: {self}")
