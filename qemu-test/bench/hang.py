# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""What others lose when a VF hangs the GPU: a command that never ends."""

from accounts import Account, begin_work, jain

VFS = (1, 2, 3, 4)
CULPRIT = 2


def measure(rig):
    """Figures."""
    with rig.machine("hang") as gim:
        card = gim.machine.card(0)
        # So long that the card's log of commands reaches back.
        gim.start(vfs=4, quantum=50)
        crowd = gim.guests()
        begin_work(crowd, VFS)
        card.set("counters-reset", True)
        card.set("fault-command", f"op=IDLE,function=VF{CULPRIT},never,until=flr")
        crowd.do("1 sleep 4000")
        gim.machine.qmp("stop")
        log = Account(card).log
        gim.machine.qmp("cont")
        card.set("fault-command", "")
        hung = next(n for n, command in enumerate(log) if command["end"] == -1)
        again = next(c for c in log[hung:] if c["op"] == "RUN" and c["function"] not in ("PF", f"VF{CULPRIT}"))
        figures = {"hang_loss_others_ms": (again["end"] - log[hung]["start"]) / 1e6}
        # And then they share as before.
        card.set("counters-reset", True)
        crowd.do("1 sleep 4000")
        gim.machine.qmp("stop")
        share = Account(card).share(4)
        gim.machine.qmp("cont")
        figures["hang_jain_others_after"] = jain([s for vf, s in zip(VFS, share, strict=True) if vf != CULPRIT])
        gim.again()
    return figures, {}
