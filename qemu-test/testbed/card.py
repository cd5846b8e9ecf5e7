# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""An emulated S7150 from outside: its properties, while the guest runs."""

import json


class Card:
    """The properties of one card, by their names in `qemu-test/device`."""

    def __init__(self, machine, name):
        self.machine, self.name = machine, name
        self.path = f"/machine/peripheral/{name}"

    def get(self, name):
        """Reads a property."""
        return self.machine.qom_get(self.path, name)

    def set(self, name, value):
        """Writes a property."""
        self.machine.qom_set(self.path, name, value)

    def json(self, name):
        """Reads a property whose text is JSON."""
        return json.loads(self.get(name))

    def driver_errors(self):
        """How many mistakes of the driver the card has recorded."""
        return int(self.get("driver-errors"))

    def driver_error_log(self):
        """The texts of these mistakes, as far as the card keeps them."""
        return self.get("driver-error-log")

    @property
    def address(self):
        """The card's address in the guest, as 0000:01:00.0."""
        return self.machine.address(self.name)
