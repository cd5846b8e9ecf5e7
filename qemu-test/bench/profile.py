# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Which functions a world switch's instructions are in: for whoever wants to make it cheaper, by request only."""

import collections
import types

from accounts import Window, begin_work

SHOWN = 60


def measure(rig):
    """Shows the functions; there are no figures in it, as the plugin is slow with them."""
    with rig.machine("profile", count=True, places=True) as gim:
        gim.start(vfs=16)
        crowd = gim.guests()
        begin_work(crowd, range(1, 17))
        gim.machine.card(0).set("command-latency-us", 0)
        window = Window(gim, crowd, 2000, counter=types.SimpleNamespace(read=gim.counter.places))
        functions = collections.Counter()
        for address, n in window.counted.items():
            functions[gim.counter.function(address)] += n
        gim.again()
    print("instructions per world switch, by function:")
    for name, n in functions.most_common(SHOWN):
        print(f"{n / window.world_switches:9.0f}  {name}")
    return {}, {}
