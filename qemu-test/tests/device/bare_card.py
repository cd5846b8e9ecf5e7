# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The card without a driver: what its tests share."""

import pytest

from testbed.paths import BUILD

POKE = BUILD / "device" / "poke"
# Memory that Linux leaves alone, for the card to write to.
PAGE = 0x10000000


def wanted(**more):
    """The mark for a machine with cards and what is needed to use them without a driver."""
    return pytest.mark.machine(**{"cards": 1, "modules": ("pci-pf-stub",), "files": {"poke": POKE},
                                  # No IOMMU: the card's addresses are physical ones.
                                  "append": f"intel_iommu=off memmap=2M${PAGE:#x} iomem=relaxed", **more})
# With ACPI's hotplug instead of the ports' own, QEMU's root ports do not say that their link is up, and Linux takes a
# card for lost that has had a reset of its bus.
NATIVE_HOTPLUG = ("-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off")


class Function:
    """A PF or VF in the guest, by its address."""

    def __init__(self, machine, address):
        self.machine, self.address = machine, address

    def do(self, *operations):
        """Runs operations of poke.c in order; returns what the reads gave."""
        text = " ".join(operations)
        out = self.machine.sh(f"./poke {self.address} {text}")
        return [int(line, 16) for line in out.split()]

    def get(self, operation):
        """What one read gives."""
        return self.do(operation)[0]

    def vf(self, number):
        """One of a PF's VFs, counted from 1 as in the card's properties: ARI, from the 16th function on."""
        domain, bus, _ = self.address.split(":")
        return Function(self.machine, f"{domain}:{bus}:{(15 + number) >> 3:02x}.{(15 + number) & 7}")

    def enable(self, vfs):
        """Lets Linux enable VFs, with the strap as a driver has to set it first."""
        path = f"/sys/bus/pci/devices/{self.address}"
        self.do("b5@38=1500008", "b5@3c=4")
        self.machine.sh(f"""
            echo 0 > /sys/bus/pci/drivers_autoprobe
            if [ ! -e {path}/driver ]; then
                modprobe pci-pf-stub
                echo pci-pf-stub > {path}/driver_override && echo {self.address} > /sys/bus/pci/drivers/pci-pf-stub/bind
            fi
            echo 0 > {path}/sriov_numvfs
            echo {vfs} > {path}/sriov_numvfs""")
        self.machine.linux_vfs = vfs

    def disable(self):
        """Lets Linux disable all VFs."""
        self.machine.sh(f"echo 0 > /sys/bus/pci/devices/{self.address}/sriov_numvfs")
        self.machine.linux_vfs = 0
# Commands of the GPU-IOV capability
OPS = {"IDLE": 1, "SAVE": 2, "LOAD": 3, "RUN": 4, "INIT": 7, "SAVE_RLCV": 8, "LOAD_RLCV": 9}
DONE = ("c1@40c~10=0", "c1@410~ff=0")


def function_id(name):
    """"PF" or "VF1" as the card's registers have it."""
    return 0 if name == "PF" else 0x7F + int(name.removeprefix("VF"))


def start(op, function="PF"):
    """The write that starts a command."""
    return f"c4@40c={OPS[op] | 0x10 | function_id(function) << 8:x}"


def commands(text):
    """"INIT VF1, RUN VF1": commands, each with the wait for its end."""
    pairs = (part.split() for part in text.split(","))
    return "switch=" + ",".join(f"{OPS[op]:x}:{function_id(name):x}" for op, name in pairs)
KNOBS = ("fault-command", "fault-gone", "fault-ih", "fault-config-write", "fault-register", "fault-mailbox")
SWITCHES = ("strict", "fault-msi-lost", "fault-ack-lost", "fault-flr", "fault-bus-reset")
