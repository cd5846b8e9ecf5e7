# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Debian's amdgpu, unmodified, on VFs of the card."""

import pathlib
import shutil
import time

import libdrm
import pytest

from testbed import MODULE, Vram, debian
from testbed.machine import PATIENCE
from testbed.paths import BUILD

FIRMWARE = "usr/lib/firmware/amdgpu"
DRIVER = "/sys/bus/pci/drivers/amdgpu"
# Loading it takes most of a minute of emulated time; a bind half a second, with all tests of rings.
LOAD_LIMIT, BIND_LIMIT = 600, 120
# Longer than a bind takes once the guest has given exclusive access back, and than an unbind until it has it
LONG_TURN_MS = 500
# How long a job may take before amdgpu resets its VF, in ms: longer than 16 VFs need for a turn, several times over.
LOCKUP_MS = 4000
# libdrm's tests of the gfx ring use its constant engine, which amdgpu lets nobody do without this bit.
DEBUG_MASK = 0x400


def firmware():
    """A folder with the firmware of the card's chip, from Debian's package."""
    out = BUILD / "guests" / "firmware"
    if not out.exists():
        new = out.with_suffix(".new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        for path in (debian.package("firmware-amd-graphics") / FIRMWARE).glob("tonga_*"):
            shutil.copy(path, new)
        new.rename(out)
    return out


def wanted(**more):
    """The mark for a machine with a card whose engines work, and with what amdgpu needs. Its clock counts instructions:
    amdgpu waits for registers for 5 ms, which a busy host may take from it."""
    return pytest.mark.machine(**{"cards": ["engines=on,vram-file=@vram"], "module_files": (MODULE,),
                                  "modules": ("amdgpu",), "files": {f"/{FIRMWARE}": firmware, **libdrm.FILES},
                                  "memory": "3G", "warp": True, "limit": 300, **more})


class Amdgpu:
    """amdgpu on VFs of the first card, in the same guest as the PF's driver."""

    def __init__(self, gim):
        self.gim, self.machine, self.card = gim, gim.machine, gim.machine.card(0)
        self.vram = Vram(self.machine, 0, "vram")
        # Only what a test binds is bound.
        gim.sh("echo 0 > /sys/bus/pci/drivers_autoprobe")
        gim.sh(f"[ -e {DRIVER} ] || modprobe amdgpu lockup_timeout={LOCKUP_MS} debug_mask={DEBUG_MASK}",
               limit=LOAD_LIMIT)

    def start(self, vfs):
        """Loads the PF's driver, which makes VFs of the card."""
        self.gim.load(f"vf_num={vfs}")
        self.gim.bind()

    def address(self, vf):
        """A VF's address in the guest; VFs count from 1."""
        return pathlib.PurePath(self.gim.sh(f"readlink {self.gim.path()}/virtfn{vf - 1}")).name

    def _long_turn(self, vf, then):
        """A script that does something at the beginning of a turn of a VF that is long.

        When amdgpu 7.3 binds and unbinds a VF it reads registers with a spin lock held (what its first client maps
        counts as PRT), and sleeps if the VF does not get the GPU within 5 ms: the kernel dies of that. A VF that is yet
        to be bound has its turn when it gives exclusive access back.
        """
        admin = f"{self.gim.path()}/sriov_admin"
        return f"""
            . lib.sh
            next_turn() {{
                # One that runs alone has no other turn than this; one that does not run has none.
                [ $(cat {admin}/vf{vf}/state) = running ] || return 0
                [ $(cat {admin}/vf*/state | grep -c running) -gt 1 ] || return 0
                export before=$(cat {admin}/vf{vf}/stats/runs)
                wait_for 20 sh -c '[ $(cat {admin}/vf{vf}/stats/runs) != $before ]'
            }}
            echo 1 > {admin}/.bulk_profile/exec_quantum_ms
            echo {LONG_TURN_MS} > {admin}/vf{vf}/profile/exec_quantum_ms
            next_turn
            {then} || {{ dmesg | tail; exit 1; }}
            echo 0 > {admin}/.bulk_profile/exec_quantum_ms
            # That turn is as long as it was to be.
            next_turn"""

    def bind(self, *vfs):
        """Binds amdgpu to VFs, one after the other."""
        for vf in vfs:
            address = self.address(vf)
            self.gim.sh(f"echo amdgpu > /sys/bus/pci/devices/{address}/driver_override" +
                        self._long_turn(vf, f"echo {address} > {DRIVER}/bind"), limit=BIND_LIMIT)

    def unbind(self, *vfs):
        """Unbinds amdgpu from VFs, one after the other."""
        for vf in vfs:
            self.gim.sh(self._long_turn(vf, f"echo {self.address(vf)} > {DRIVER}/unbind"), limit=BIND_LIMIT)

    def bound(self):
        """The addresses that amdgpu has."""
        return self.gim.sh(f"ls {DRIVER} | grep : || true").split()

    def debugfs(self, vf):
        """The folder of a VF's device in debugfs."""
        return f"/sys/kernel/debug/dri/{self.address(vf)}"

    def test_buffers(self, *vfs):
        """Lets amdgpu test indirect buffers on all rings of VFs, at once."""
        shown = self.gim.sh("\n".join([
            *(f"cat {self.debugfs(vf)}/amdgpu_test_ib > /tmp/ib.{vf} 2>&1 &" for vf in vfs), "wait",
            *(f"tail -n 1 /tmp/ib.{vf}" for vf in vfs)]), limit=BIND_LIMIT * len(vfs))
        assert shown.splitlines() == ["ib ring tests passed."] * len(vfs)

    def work(self, vf):
        """What the engines have done for a VF, by ring."""
        return self.card.json("engine-work")[f"VF{vf}"]

    def alone(self, vf, command):
        """A command of the guest's shell that sees the devices of one VF only: libdrm's programs choose by the PCI bus,
        which all VFs share."""
        return (f"unshare -m sh -c 'mount -t tmpfs none /dev/dri; "
                f"for n in /sys/bus/pci/devices/{self.address(vf)}/drm/[cr]*; "
                f"do mknod /dev/dri/${{n##*/}} c $(tr : \" \" < $n/dev); done; "
                f"{libdrm.LIBRARY_PATH} exec {command}'")

    def wait(self, what, limit=30):
        """What `what()` gives as soon as it is not nothing; for what only the card's memory tells."""
        until = time.monotonic() + limit * PATIENCE
        while not (found := what()):
            assert time.monotonic() < until, "it did not come"
            time.sleep(0.1)
        return found

    def stop(self):
        """Unbinds all and unloads the PF's driver."""
        bound = self.bound()
        for vf in range(1, self.gim.vfs() + 1):
            if bound and self.address(vf) in bound:
                self.unbind(vf)
        self.gim.unload()
