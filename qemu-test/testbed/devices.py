# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Devices of a machine: each PCI device sits behind a root port of its own, as in a real machine.

A device is written as in QEMU's own `-device`: "s7150,option=value", "igb", "nvme,serial=1". Cards (s7150) get the ids
card0, card1, ..., and a VBIOS unless one is given; others dev0, dev1, ... unless they have an id. A value "@NAME" is
the file NAME in the folder for logs. The option hotplug=on is for the port: there is a hot-plug driver for the slot.
"""

import pathlib
import subprocess
import sys
import tempfile

from .paths import DEVICE, QEMU_TEST, VBIOS, SetupError

CARD = "s7150"
# Not on a PCI bus.
ABSTRACT = {"nvme-subsys"}
# Firmware that reserves less leaves no room for the VFs' BARs, as on many boards.
RESERVE = "pref64-reserve=16G,mem-reserve=80M"
# The first slot of the root ports on the root bus, after those that QEMU takes for itself.
FIRST_SLOT = 8


def nvme(vfs, name="nvme0"):
    """QEMU's NVMe controller with SR-IOV: the devices to give to a machine."""
    return [f"nvme-subsys,id={name}-subsystem",
            f"nvme,id={name},serial={name},subsys={name}-subsystem,max_ioqpairs={2 * vfs + 2},msix_qsize={vfs + 1},"
            f"sriov_max_vfs={vfs},sriov_vq_flexible={2 * vfs},sriov_vi_flexible={vfs}"]


def options(device):
    """The driver and the options of a device, as a pair of a name and a dictionary."""
    driver, *rest = device.split(",")
    return driver, dict(o.partition("=")[::2] for o in rest if o)


def vbios(bad=None):
    """The image that cards get when a test has no other, or one with something wrong (`qemu-test/vbios/bad.py`)."""
    path = VBIOS.with_stem(f"vbios-{bad}") if bad else VBIOS
    path.parent.mkdir(parents=True, exist_ok=True)
    # Whole or not at all: another machine may be about to read it.
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        new = pathlib.Path(scratch) / "rom"
        out = subprocess.run([sys.executable, str(QEMU_TEST / "vbios"), str(new), *(["--bad", bad] if bad else [])],
                             capture_output=True, text=True, check=False)
        if out.returncode:
            raise SetupError(f"the VBIOS image could not be made: {out.stderr.strip()}")
        new.rename(path)
    return path


def arguments(devices, log):
    """QEMU's arguments for a list of devices, and the ids of the cards among them."""
    out, cards, others, slot = [], [], 0, 0
    rom = None
    for device in devices:
        driver, given = options(device)
        if driver == CARD:
            if not DEVICE.exists():
                raise SetupError(f"{DEVICE} is not there: run `make -C qemu-test/device`")
            given.setdefault("id", f"card{len(cards)}")
            cards.append(given["id"])
            if "vbios" not in given:
                rom = rom or vbios()
                given["vbios"] = str(rom)
        elif "id" not in given:
            given["id"] = f"dev{others}"
            others += 1
        if driver not in ABSTRACT and "bus" not in given:
            port = f"port{slot}"
            out += ["-device", f"pcie-root-port,id={port},bus=pcie.0,addr={FIRST_SLOT + slot:#x},chassis={slot + 1},"
                               f"slot={slot + 1},hotplug={given.pop('hotplug', 'off')},{RESERVE}"]
            given["bus"] = port
            slot += 1
        given = {k: f"{log}/{v[1:]}" if v.startswith("@") else v for k, v in given.items()}
        # An option without a value stays as it was written; QEMU says what is wrong with it.
        out += ["-device", ",".join([driver, *(f"{k}={v}" if v else k for k, v in given.items())])]
    return out, cards
