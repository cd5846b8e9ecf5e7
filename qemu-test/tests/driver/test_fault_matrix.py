# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Everything that can go wrong with a card, in everything that the driver may just be doing: one table.

A cell is one fault in one situation, on a card that is bound for it: the driver comes to a defined end in bounded time,
the VFs that are not concerned go on, and the card can be unbound. VF2 is always the one that is hit.
"""

import dataclasses
import itertools
import re

import pytest
from gim_module import CONTROL, END_GUESTS, Gim, Guests

from testbed import MODULE, program

SITUATIONS = ("idle", "switching", "exclusive", "enable", "unbind")
VFS = 4
VICTIM = 2
OTHERS = [vf for vf in range(1, VFS + 1) if vf != VICTIM]

# How a cell may end.
NOTHING = "nothing lost"            # nobody noticed
UNHEARD = "VF2 unheard"             # VF2 got no answer; the others went on
RESET = "VF2 reset"                 # VF2 had to start again; the others went on
DEAD = "given up"                   # the GPU needs a reset, and did not get one that helped
BACK = "GPU reset"                  # all VFs had to start again
GONE = "gone"                       # the card does not answer
REFUSED = "refused"                 # no VFs, with a reason in the log


@dataclasses.dataclass
class Fault:
    """name: in the table; knobs: {property: value}, what the card is told, for each situation if they differ; ends:
    what may become of it in each situation, or in all."""

    name: str
    knobs: object
    ends: object

    def of(self, what, situation):
        """What is to be so in a situation."""
        value = getattr(self, what)
        return value.get(situation, value["else"]) if "else" in value else value

    @property
    def spoils(self):
        """In which situations the card is of no use for another cell."""
        ends = {s: self.of("ends", s) for s in SITUATIONS}
        return [s for s, e in ends.items() if set(e if isinstance(e, tuple) else (e,)) & {DEAD, GONE, REFUSED}]


def command(how):
    """A command that does not end as it should: of a start, of a world switch, or of the PF."""
    return {"else": {"fault-command": f"op=IDLE,function=VF{VICTIM},once,{how}"},
            "idle": {"fault-command": f"op=INIT,function=VF{VICTIM},once,{how}"},
            "enable": {"fault-command": f"op=RUN,function=PF,once,{how}"}}


FAILS = {"else": RESET, "enable": BACK, "unbind": NOTHING}
FAULTS = [
    Fault("never ends", command("never"), FAILS),
    Fault("status 0e", command("status=0e,after-ms=100"), FAILS),
    Fault("status 0f", command("status=0f,after-ms=100"), FAILS),
    Fault("ends late", command("after-ms=500"), NOTHING),
    Fault("status lags", command("lag-ms=300"), NOTHING),
    Fault("acks lost", {"fault-mailbox": f"drop=ack,function=VF{VICTIM}"},
          {"else": (UNHEARD, RESET), "switching": NOTHING, "unbind": NOTHING}),
    Fault("interrupt storm", {"fault-ih": "source=e5,count=5000;source=89,data=1,count=100"}, NOTHING),
    Fault("VF 40", {"fault-ih": "source=89,data=28,count=20"}, NOTHING),
    Fault("VF 0fffffff", {"fault-ih": "source=88,data=fffffff,count=20"}, NOTHING),
    Fault("pointer stuck", {"fault-ih-wptr": "stuck"}, NOTHING),
    Fault("pointer outside", {"fault-ih-wptr": "3fffc"}, NOTHING),
    Fault("pointer ones", {"fault-ih-wptr": "ffffffff"}, NOTHING),
    Fault("MSIs lost", {"fault-msi-lost": True}, NOTHING),
    Fault("context damaged", {"vf-context": True}, {"else": RESET, "idle": NOTHING, "exclusive": NOTHING,
                                                    "enable": NOTHING, "unbind": NOTHING}),
    Fault("gone at once", {"fault-gone": "now"}, {"else": GONE, "enable": REFUSED}),
    Fault("gone later", {"fault-gone": "after=15"}, {"else": GONE, "enable": REFUSED, "unbind": (GONE, NOTHING)}),
    Fault("FLR fails", {"else": {"fault-flr": True, "fault-command": f"op=IDLE,function=VF{VICTIM},never"},
                        "idle": {"fault-flr": True, "fault-command": f"op=INIT,function=VF{VICTIM},never"},
                        "enable": {"fault-flr": True}},
          {"else": BACK, "enable": NOTHING, "unbind": (BACK, NOTHING)}),
    # Nothing short of it helps, and it does not help either.
    Fault("bus reset fails", {"else": {"fault-bus-reset": True, "fault-flr": True,
                                       "fault-command": f"op=IDLE,function=VF{VICTIM},never"},
                              "idle": {"fault-bus-reset": True, "fault-flr": True,
                                       "fault-command": f"op=INIT,function=VF{VICTIM},never"},
                              "enable": {"fault-bus-reset": True, "fault-command": "op=RUN,function=PF,never"}},
          {"else": (DEAD, GONE), "enable": REFUSED, "unbind": (DEAD, GONE, NOTHING)}),
]


class Cell:
    """One fault in one situation."""

    def __init__(self, gim, number, fault, situation):
        self.gim, self.fault, self.situation = gim, fault, situation
        self.name, self.card = f"card{number}", gim.machine.card(number)
        self.path, self.address = gim.path(self.name), gim.machine.address(self.name)
        self.guests = None

    def run(self):
        """Plays it; returns how it ended. Everything that is waited for has its limit."""
        self.gim.mark()
        self.gim.bind(self.name)
        if self.situation == "enable":
            self.gim.set_vfs(0, self.name)
        else:
            self.guests = Guests(self.gim, self.name)
            # They are there before anything goes wrong.
            self.guests.do("1 sleep 0")
        errors = self.card.driver_errors()
        try:
            end = getattr(self, self.situation)()
        finally:
            self.clear()
            left = self.leave()
        assert left == "0", "VFs are left"
        if end not in (GONE, DEAD):
            assert self.card.driver_errors() == errors, self.card.driver_error_log()
        return end

    # Situations

    def idle(self):
        """Nobody runs yet; all start, VF2 first."""
        self.give_away()
        self.inject()
        self.guests.send(*(f"{vf} start" for vf in (VICTIM, *OTHERS)))
        return self.judge(self.guests.answers(VFS))

    def switching(self):
        """All run."""
        self.guests.do(*(f"{vf} start" for vf in range(1, VFS + 1)))
        self.inject()
        return self.judge()

    def exclusive(self):
        """VF2 has the GPU for itself, and two others wait for their turns."""
        self.guests.do(*(f"{vf} start" for vf in OTHERS))
        # The guest's clock must not leap while we are at it: VF2 has 5 s.
        self.gim.sh("(while :; do :; done) & echo $! > /tmp/busy")
        self.guests.do(f"{VICTIM} init")
        self.inject()
        self.guests.send(f"{VICTIM} rel-init")
        self.gim.sh("kill $(cat /tmp/busy)")
        return self.judge(self.guests.answers(1))

    def enable(self):
        """VFs are just being enabled."""
        self.inject()
        status = self.gim.machine.run(f"echo {VFS} > {self.path}/sriov_numvfs", limit=120).status
        if status:
            assert self.gim.vfs(self.name) == 0
            assert re.search(r"failed|does not answer", self.said()), "a reason in the log"
            return REFUSED
        self.guests = Guests(self.gim, self.name)
        self.give_away()
        return self.judge(self.do("start", range(1, VFS + 1)))

    def unbind(self):
        """All run, and the driver goes."""
        self.guests.do(*(f"{vf} start" for vf in range(1, VFS + 1)))
        self.inject()
        self.gim.unbind(self.name)
        if "does not answer" in self.said():
            return GONE
        if "given up" in self.said():
            return DEAD
        self.clear()
        assert self.card.json("gpu")["phase"] == "free"
        return NOTHING

    # How it ended

    def judge(self, answers=()):
        """Who goes on, and who can start again."""
        answers = list(answers)
        started = {int(a[0]): a[2] for a in answers}
        # Work takes 5 ms; each VF has a quarter of the GPU, and a time-out of a command is 2 s.
        goes_on = {int(a[0]): a[2] for a in self.do("work 5000", OTHERS, "wait 6000")}
        said = self.said()
        if self.card.json("gpu")["gone"]:
            if "resetting the GPU" in said:
                # The PCI core gives a card 65 s to come back from a reset.
                self.gim.wait_for(f"{self.address}: the card does not answer", 100)
                return GONE
            # Without a guest nobody looks at the card.
            assert "does not answer" in said or self.situation == "idle"
            return GONE
        if "given up" in said:
            return DEAD
        if "resetting the GPU" in said:
            # What is sent before it is over is lost with the mailboxes.
            self.gim.wait_for(f"{self.address}: initialised by the driver", 60)
            self.guests.do(f"{OTHERS[0]} sleep 500")
            self.clear()
            assert all(a[2] == "ok" for a in self.do("start", range(1, VFS + 1)))
            return BACK
        assert all(started.get(vf, "ok") == "ok" for vf in OTHERS), answers
        assert all(goes_on[vf] == "ok" for vf in OTHERS), "the others go on"
        assert not re.search(rf"resetting VF[^{VICTIM}]", said), "nobody else is reset"
        # It may be hit as late as at its next turn.
        victim = self.do("work 5000", [VICTIM], "wait 6000")[0][2]
        hit = f"resetting VF{VICTIM}" in self.said()
        unheard = "fault-mailbox" in self.fault.of("knobs", self.situation) and started.get(VICTIM, "ok") != "ok"
        assert hit or unheard or (victim == "ok" and started.get(VICTIM, "ok") == "ok"), "what goes wrong is in the log"
        self.clear()
        if hit or unheard:
            assert self.do("start", [VICTIM])[0][2] == "ok", "it can start again"
            assert self.do("work 5000", [VICTIM], "wait 6000")[0][2] == "ok"
        return RESET if hit else UNHEARD if unheard else NOTHING

    def do(self, first, vfs, then=None):
        """Sends each of these VFs a command or two; the answers to the last."""
        lines = [f"{vf} {c}" for vf in vfs for c in ("expect any", first, then and "expect any", then) if c]
        self.guests.send(*lines)
        answers = self.guests.answers(len(lines) // 2, limit=120)
        return [a for a in answers if a[1] == (then or first).split()[0]]

    def give_away(self):
        """Gives VF2 to vfio, as for a guest that has not started yet."""
        vf = self.gim.sh(f"basename $(readlink {self.path}/virtfn{VICTIM - 1})")
        self.gim.sh(f". lib.sh; bind_with vfio-pci {vf}")

    def inject(self):
        """Makes the fault happen."""
        for knob, value in self.fault.of("knobs", self.situation).items():
            if knob == "vf-context":
                self.damage_context()
            else:
                self.card.set(knob, value)

    def damage_context(self):
        """Flips a bit in VF2's context; while all run not when VF2 has the GPU, as its context is saved anew then."""
        machine = self.gim.machine
        for _ in range(100):
            machine.qmp("stop")
            if self.situation != "switching" or self.card.json("gpu")["function"] != f"VF{VICTIM}":
                break
            machine.qmp("cont")
            self.gim.sh("usleep 10000")
        else:
            raise AssertionError("the GPU is always VF2's")
        self.card.set("fault-vram", f"offset={self.context():x},xor=4")
        machine.qmp("cont")

    def context(self):
        """Where the card keeps VF2's context (section 2.2 of the hardware reference): after those of PF and VF1."""
        cntxt = self.card.json("state")["GPUIOV_CNTXT"]
        size = (cntxt & 0x7F) << 18
        return (cntxt >> 10) * size + VICTIM * size

    def clear(self):
        """Mends the card, but for one that is gone."""
        for knob in self.fault.of("knobs", self.situation):
            if knob in ("fault-command", "fault-ih-wptr", "fault-mailbox"):
                self.card.set(knob, "")
            elif knob in ("fault-msi-lost", "fault-flr", "fault-bus-reset"):
                self.card.set(knob, False)

    def leave(self):
        """Ends the guests; the driver lets go of the card, whatever happened. Returns how many VFs are left."""
        return self.gim.sh(f"""
            exec 2> /dev/null
            kill $(cat /tmp/busy)
            rm -f /tmp/busy
            {END_GUESTS}
            [ ! -e {CONTROL}/{self.address} ] || echo {self.address} > {CONTROL}/unbind
            ls -d {self.path}/virtfn* | wc -l""")

    def said(self):
        """What the driver said of this card."""
        return "\n".join(line for line in self.gim.said() if self.address in line)


class Table:
    """The result of each cell."""

    def __init__(self):
        self._cells = {}

    def put(self, fault, situation, text):
        """Enters one."""
        self._cells[fault.name, situation] = text

    def __str__(self):
        width = 14
        lines = [f"{'':18}" + "".join(f"{s:{width}}" for s in SITUATIONS)]
        lines += [f"{fault.name:18}" + "".join(f"{self._cells.get((fault.name, s), '-'):{width}}" for s in SITUATIONS)
                  for fault in FAULTS if any((fault.name, s) in self._cells for s in SITUATIONS)]
        return "\n".join(line.rstrip() for line in lines)


TABLE = Table()
# One card is for all cells that leave a card as it was; each of the others has its own, of which a machine takes ten.
LOST = [f for f in FAULTS if len(f.spoils) == len(SITUATIONS)]
MACHINES = {"cards that recover": [f for f in FAULTS if f not in LOST], "cards that are lost": LOST[:2],
            "cards that nothing helps": LOST[2:]}


@pytest.mark.slow
@pytest.mark.parametrize("faults", MACHINES.values(), ids=MACHINES)
def test_matrix(machines, request, subtests, record_property, faults):
    spoilt = sum(len(f.spoils) for f in faults)
    shared = any(len(f.spoils) < len(SITUATIONS) for f in faults)
    machine, checker = machines.get({"module_files": (MODULE,), "modules": ("vfio-pci",), "warp": True,
                               "cards": shared + spoilt, "append": "iomem=relaxed",
                               "files": {"vfclient": program("vfclient")}}, request.node.nodeid)
    gim = Gim(machine)
    checker.problems(leaks=False)
    # vfio lets a VF sleep that nobody has opened, and then its BARs do not answer to `vfclient`.
    gim.sh("modprobe vfio-pci disable_idle_d3=1; echo 0 > /sys/bus/pci/drivers_autoprobe")
    # Turns of 50 ms: fewer world switches to be emulated in the seconds that a fault takes.
    gim.load(f"vf_num={VFS} sched_interval=50")
    fresh = itertools.count(shared)
    for fault, situation in itertools.product(faults, SITUATIONS):
        with subtests.test(f"{fault.name}, {situation}"):
            TABLE.put(fault, situation, "FAILED")
            number = next(fresh) if situation in fault.spoils else 0
            end = Cell(gim, number, fault, situation).run()
            expected = fault.of("ends", situation)
            TABLE.put(fault, situation, end)
            assert end in (expected if isinstance(expected, tuple) else (expected,))
            problems = checker.problems(driver_errors=end in (GONE, DEAD), leaks=False)
            assert not problems, "\n".join(problems)
    record_property("table", str(TABLE))
    assert machine.run(f"[ -d {CONTROL} ]").status == 0
    gim.unload()
    # Of all cells: the search takes longer than a cell.
    problems = checker.problems()
    machines.drop()
    assert not problems, "\n".join(problems)
