# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Several cards with 16 busy VFs each: what each costs, who gets what, and that one that hangs is alone with it."""

from accounts import Window, begin_work, jain

MOST = 8
CARDS = (1, 2, 4, 8)
VFS = 16
# Of the kernel's memory, in kB: what is free, and what it could have back.
FREE = "sync; echo 3 > /proc/sys/vm/drop_caches; usleep 300000; sed -n 's/^MemFree: *//p' /proc/meminfo"


def _free_kb(gim):
    return int(gim.sh(FREE).split()[0])


def measure(rig):
    """Figures, and the GPU time of each VF of eight cards."""
    figures = {}
    with rig.machine("scale", cards=MOST, memory="3G") as gim:
        gim.sh("echo 0 > /sys/bus/pci/drivers_autoprobe")
        gim.start(vfs=VFS)
        control = f"/sys/bus/pci/drivers/{gim.name}"
        addresses = [gim.machine.address(f"card{n}") for n in range(MOST)]
        # The first takes what the kernel allocates once.
        gim.sh(f"echo {addresses[0]} > {control}/bind; echo 0 > {gim.path('card0')}/sriov_numvfs")
        free = _free_kb(gim)
        for number, address in enumerate(addresses[1:], 1):
            gim.sh(f"echo {address} > {control}/bind; echo 0 > {gim.path(f'card{number}')}/sriov_numvfs", limit=300)
        figures["memory_per_card_bytes"] = 1024 * (free - _free_kb(gim)) / (MOST - 1)
        free = _free_kb(gim)
        for number in range(MOST):
            gim.sh(f"echo {VFS} > {gim.path(f'card{number}')}/sriov_numvfs", limit=300)
        figures["memory_per_vf_bytes"] = 1024 * (free - _free_kb(gim)) / (MOST * VFS)
        crowds, window = [], None
        for n in CARDS:
            for number in range(len(crowds), n):
                crowds.append(gim.guests(number))
                begin_work(crowds[-1], range(1, VFS + 1))
            window = Window(gim, crowds[0], 2000, cards=range(1, n))
            accounts = [window, *window.others]
            figures[f"scale_switch_accesses_{n}_cards"] = sum(a.accesses() for a in accounts) / n
            if rig.ours:
                # Of its threads, by their names.
                figures[f"scale_cpu_percent_per_card_{n}_cards"] = window.cpu / n
            figures[f"scale_jain_within_{n}_cards"] = min(jain(a.share(VFS)) for a in accounts)
            figures[f"scale_jain_across_{n}_cards"] = jain([s for a in accounts for s in a.share(VFS)])
        shares = [a.share(VFS) for a in [window, *window.others]]
        # One hangs; the others switch as before.
        before = sum(a.switches / a.counters["ns"] for a in window.others)
        gim.machine.card(0).set("fault-command", "op=IDLE,function=VF1,never,until=flr")
        window = Window(gim, crowds[1], 2000, cards=range(1, MOST))
        figures["scale_switch_rate_beside_a_hang"] = sum(a.switches / a.counters["ns"] for a in window.others) / before
        gim.machine.card(0).set("fault-command", "")
        gim.again()
    return figures, shares
