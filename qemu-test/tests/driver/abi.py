# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Reads Documentation/ABI: what each file is said to be, so that a test can hold the driver to it."""

import re
from dataclasses import dataclass

from testbed.paths import PROJECT

DOCUMENT = PROJECT / "Documentation/ABI/testing/sysfs-driver-gim"
MODES = {"RO": "444", "RW": "644", "WO": "200"}
FORMS = re.compile(
    r"\((?P<access>RO|RW|WO)\) (?:"
    r"(?P<integer>Integer)(?:, (?P<low>\d+) to (?P<high>\d+))?(?:, in [\w ]+)?(?:, always (?P<always>\d+))?\."
    r"|(?P<boolean>Boolean)(?P<one>, only 1)?\."
    r"|(?:Choice of|One of) (?P<choices>[\w, ]+?)\."
    r"|(?P<text>Text)(?:, always (?P<word>\w+))?)")
DEFAULT = re.compile(r"Default: (\w+)\.")


@dataclass
class Attribute:
    """One file of the document; `path` is relative to the device's folder."""

    path: str
    text: str

    def __post_init__(self):
        self.form = FORMS.match(self.text)
        default = DEFAULT.search(self.text)
        self.default = default.group(1) if default else None

    def __getattr__(self, name):
        return self.form[name]

    @property
    def mode(self):
        """The file's mode, in octal."""
        return MODES[self.access]

    @property
    def names(self):
        """The words that can be chosen."""
        return self.choices.split(", ")

    def is_value(self, seen):
        """Whether a text can be what the file holds."""
        if self.integer:
            within = not self.low or int(self.low) <= int(seen) <= int(self.high)
            return re.fullmatch(r"-?\d+", seen) and within and self.always in (None, seen)
        if self.boolean:
            return seen in ("0", "1")
        if self.choices:
            # All are shown, the one in force in brackets; or there is only the one.
            return seen in self.names or sorted(seen.translate(str.maketrans("", "", "[]")).split()) == sorted(
                self.names) and seen.count("[") == seen.count("]") == 1
        return self.word in (None, seen)

    def good(self):
        """Values that must be taken, and how they read."""
        if self.integer:
            return [(self.low, self.low), (self.high, self.high), (hex(int(self.high)), self.high)]
        if self.boolean:
            return [("1", "1"), ("n", "0"), ("y", "1"), ("0", "0")]
        return [(name, " ".join(f"[{n}]" if n == name else n for n in self.names)) for name in self.names]

    def bad(self):
        """Values that must be refused."""
        if self.integer:
            low = [] if self.low == "0" else [str(int(self.low) - 1)]
            return [*low, str(int(self.high) + 1), "-1", "x", "", f"{self.low} {self.high}"]
        if self.boolean:
            return ["2", "-1", "maybe", "", *(["0"] if self.one else [])]
        return ["", "0", "best", self.names[0].upper(), " ".join(self.names)]


def attributes():
    """All files that the document has under a device's folder."""
    found = []
    for block in DOCUMENT.read_text().split("\n\n\n"):
        what = re.findall(r"^What:\s+/sys/bus/pci/drivers/gim/\.\.\./(\S+)$", block, re.MULTILINE)
        text = " ".join(block.split("Description:")[1].split())
        found += [Attribute(path, text) for path in what]
    return found


def files():
    """Those that are files: not folders, nor links."""
    return [a for a in attributes() if a.form]
