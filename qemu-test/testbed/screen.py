# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""What a terminal shows after a program has drawn on it that only moves the cursor, clears, sets colours and prints, as
those do that are made with ratatui. Colours are not kept."""

import re

# A control sequence, or a character.
STEP = re.compile(r"\x1b\[([?\d;]*)([A-Za-z])|(.)", re.DOTALL)


def rows(output):
    """The lines of the screen, without blanks at their ends, after everything in `output`."""
    lines, row, column = {}, 1, 1
    for parameters, command, character in STEP.findall(output):
        if command == "H":
            row, column = (int(n) for n in parameters.split(";")) if parameters else (1, 1)
        elif command == "J":
            lines.clear()
        elif character == "\r":
            column = 1
        elif character == "\n":
            row += 1
        elif character:
            before = lines.get(row, "").ljust(column - 1)
            lines[row] = before[:column - 1] + character + before[column:]
            column += 1
    return [lines.get(row, "").rstrip() for row in range(1, max(lines, default=0) + 1)]
