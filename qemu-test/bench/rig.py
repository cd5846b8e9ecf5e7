# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""What every measurement needs: a machine whose clock counts instructions, with cards and the driver measured."""

import contextlib
import pathlib

from gim_module import Gim, Guests

from testbed import MODULE, Machine, program
from testbed.check import Checker
from testbed.errors import CommandFailed
from testbed.paths import LOGS

from .instructions import Counter

# How our module, and the C driver, are told; see --load.
LOAD = "vf_num={vfs} sched_option={policy} sched_interval={quantum}"
# A CPU with nothing to do halts at once; the kernel would poll for a while first, which is nobody's work.
APPEND = "iomem=relaxed cpuidle.off=1"
# The quantum of all measurements, ms, unless they say otherwise.
QUANTUM = 6


class Driver(Gim):
    """The driver that is measured, in a machine."""

    def __init__(self, machine, rig, counter):
        super().__init__(machine, rig.module.stem)
        self.rig, self.counter = rig, counter
        self._guests = []

    def start(self, vfs, policy=0, quantum=QUANTUM):
        """Loads the module, and lets instructions be told apart."""
        self.load(self.rig.template.format(vfs=vfs, policy=policy, quantum=quantum))
        if self.counter:
            self.counter.watch(self.machine, self.name)

    def counts(self):
        """Instructions so far. They are told when the CPU has nothing to do, so it is let have that once."""
        self.sh("usleep 1000")
        return self.counter.read()

    def guests(self, card=0):
        """Guests' drivers on a card's VFs."""
        self._guests.append(Guests(self, f"card{card}"))
        return self._guests[-1]

    def again(self):
        """Ends the guests and unloads the module."""
        for guests in self._guests:
            guests.close()
        self._guests = []
        self.unload()

    def lift_guard(self, card=0):
        """Lets guests do things as often as they like, where the driver limits that."""
        with contextlib.suppress(CommandFailed):
            self.sh(f"for f in {self.path(f'card{card}')}/sriov_admin/guard_*_limit; do echo 0 > $f; done")


class Rig:
    """The driver that is measured, and machines for it. module: its file; template: its parameters."""

    def __init__(self, module=MODULE, template=LOAD):
        self.module, self.template = pathlib.Path(module).resolve(), template
        # Its sysfs files, names of threads and words in the log are known.
        self.ours = self.module.stem == "gim"

    @contextlib.contextmanager
    def machine(self, name, cards=1, count=False, places=False, **more):
        """A machine with cards; count: whether instructions are counted, which takes twice the time; places: and where
        they are."""
        log = LOGS / "bench" / name
        counter = Counter(LOGS / "bench" / f"{name}.count", places) if count else None
        cards = ["reglog=@registers.log"] * cards if cards == 1 else cards
        machine = Machine(cards=cards, module_files=(self.module,), files={"vfclient": program("vfclient")}, warp=True,
                          append=APPEND, log=log, qemu_args=counter.qemu_args if counter else (),
                          boot_limit=300, limit=300, **more)
        with machine:
            checker = Checker(machine)
            yield Driver(machine, self, counter)
            # Figures of a driver that does wrong are worth nothing.
            if problems := checker.problems():
                raise RuntimeError(f"{name}: " + "\n".join(problems))
