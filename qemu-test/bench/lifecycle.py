# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""What it costs to take a card over, to enable VFs, and to reset one; how large the module is."""

import re
import subprocess

from accounts import accesses, registers

from . import reglog

# The PCI core sleeps so long once VFs are enabled (`sriov_enable`), in ms.
FIXED_SLEEP_MS = 100
# A guest's message (section 4.8 of the hardware reference).
REQ_RESET = 5


def _counted(card, what):
    """Accesses while something is done on a card that nobody uses: all, and by register."""
    card.set("counters-reset", True)
    what()
    return accesses(card.json("counters")), registers(card.json("register-counts"))


def _timed(gim, script):
    """Milliseconds that a script takes, by the kernel's own clock."""
    gim.sh(f"echo bench: begin > /dev/kmsg; {script}; echo bench: end > /dev/kmsg")
    begin, end = (float(re.search(r"\[ *([\d.]+)\]", line)[1]) for line in gim.sh(
        "dmesg | grep -E 'bench: (begin|end)' | tail -n 2").splitlines())
    return 1000 * (end - begin)


def on(gim):
    """Figures, and accesses by register, on a machine whose module is not loaded."""
    figures, by_register = {}, {}
    card = gim.machine.card(0)
    # How often the driver looks depends on how long commands take, and on what it has learned of that.
    card.set("command-latency-us", 0)
    parameters = gim.rig.template.format(vfs=16, policy=0, quantum=6)
    figures["probe_accesses"], by_register["probe with 16 VFs"] = _counted(card, lambda: gim.load(parameters))
    gim.unload()
    figures["probe_to_16_vfs_ms_net"] = _timed(gim, f"insmod {gim.name}.ko {parameters}") - FIXED_SLEEP_MS
    if gim.rig.ours:
        cost = {}
        for n in (8, 16):
            gim.set_vfs(0)
            cost[n], _ = _counted(card, lambda n=n: gim.set_vfs(n))
        figures["vf_enable_accesses"] = (cost[16] - cost[8]) / 8
    crowd = gim.guests()
    crowd.do("1 start")
    begin = reglog.mark(gim.machine)
    crowd.do("1 reset", "1 rel-init")
    # From its guest's request to the answer that it has the GPU for itself again.
    (served,) = (s for s in reglog.answers(reglog.read(gim.machine, begin)) if s.message == REQ_RESET)
    figures["vf_reset_accesses"] = served.registers.total()
    figures["vf_reset_ms"] = served.ns / 1e6
    by_register["reset of a VF"] = served.registers
    card.set("command-latency-us", 50)
    gim.again()
    return figures | sizes(gim.rig.module), by_register


def measure(rig):
    """The same, on a machine of its own."""
    with rig.machine("lifecycle") as gim:
        return on(gim)


def sizes(module):
    """Bytes of a module's code and of its data, as loaded."""
    text, data, bss, *_ = subprocess.run(["size", module], check=True, capture_output=True,
                                         text=True).stdout.splitlines()[1].split()
    return {"text_bytes": int(text), "data_bytes": int(data) + int(bss)}
