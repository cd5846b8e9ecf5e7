# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The module in a running guest, and guests' drivers on its VFs."""

import itertools
import re

import pytest

from testbed import MODULE, program

SYSFS = "/sys/bus/pci/devices"
CONTROL = "/sys/bus/pci/drivers/gim"
# The machine of all tests of what an administrator sees: one boot for them, with guests' drivers at hand.
ONE_CARD = pytest.mark.machine(cards=1, module_files=(MODULE,), warp=True, append="iomem=relaxed",
                               files={"vfclient": program("vfclient")})
# Runs a command, given as one word, as an ordinary user.
NOBODY = "[ -e /etc/passwd ] || echo nobody:x:65534:65534::/:/bin/sh > /etc/passwd; su -s /bin/sh nobody -c"
# Ends all guests that there are. What a client says at its end needs its pipe, and must not get into the next one's.
END_GUESTS = """
    . lib.sh
    killall -9 vfclient 2> /dev/null
    wait_for 20 sh -c '! pidof vfclient && ! ls /tmp/*.pid'
    ended=$?
    kill $(cat /tmp/*.keeper) 2> /dev/null
    rm -f /tmp/*.keeper"""
# Of the kernel's log: a machine may see many tests.
CHAPTERS = itertools.count(1)
# Of what the driver has to set up again, all that the card keeps over unbinding and the rest.
VOLATILE = {"phase", "IH_RB_WPTR", "IH_RB_RPTR", "MAILBOX_INDEX", "SDMA0_F32_CNTL", "SDMA1_F32_CNTL"}


def state(card):
    """What a card holds but for what changes all the time."""
    return {name: value for name, value in card.json("state").items()
            if name not in VOLATILE and "TRN_MSG_VALID" not in name}


class Gim:
    """The module in a guest, by whatever name. Devices are named by what the machine calls them: card0, dev0."""

    def __init__(self, machine, name="gim"):
        self.machine, self.name = machine, name
        # The kernel's log is told from mark to mark.
        self._chapter = 0

    def sh(self, script, **more):
        """Runs a script in the guest."""
        return self.machine.sh(script, **more)

    def load(self, parameters=""):
        """Loads the module; the kernel's words are in the error if it refuses."""
        self.machine.load(f"{self.name}.ko", parameters)

    def unload(self):
        """Unloads the module, if it is loaded."""
        self.sh(f"[ ! -d /sys/module/{self.name} ] || rmmod {self.name}")

    def path(self, name="card0"):
        """The sysfs folder of a device."""
        return f"{SYSFS}/{self.machine.address(name)}"

    def bind(self, name="card0"):
        """Binds a device; the kernel gives no reason if probe fails."""
        self.sh(f"echo {self.machine.address(name)} > {CONTROL}/bind")

    def unbind(self, name="card0"):
        """Unbinds a device."""
        self.sh(f"echo {self.machine.address(name)} > {CONTROL}/unbind")

    def bound(self, name="card0"):
        """Whether the driver has the device."""
        return self.machine.run(f"[ -e {CONTROL}/{self.machine.address(name)} ]").status == 0

    def set_vfs(self, n, name="card0"):
        """Writes to sriov_numvfs."""
        self.sh(f"echo {n} > {self.path(name)}/sriov_numvfs")

    def refuses_vfs(self, n, errno, name="card0"):
        """Whether a write to sriov_numvfs fails with an error of this text."""
        result = self.machine.run(f"echo {n} > {self.path(name)}/sriov_numvfs")
        return result.status != 0 and errno in result.output

    def vfs(self, name="card0"):
        """How many VFs of a device there are, as sysfs has them; the kernel's count must be the same."""
        links, count = self.sh(f"ls -d {self.path(name)}/virtfn* 2>/dev/null | wc -l; "
                               f"cat {self.path(name)}/sriov_numvfs").split()
        assert links == count
        return int(links)

    def vf_address(self, vf, name="card0"):
        """The address of a VF."""
        return self.sh(f"basename $(readlink {self.path(name)}/virtfn{vf - 1})")

    def give_vfs(self, driver="vfio-pci", name="card0"):
        """Gives all VFs to a driver of the host's, as for guests."""
        self.sh(f"""
            . lib.sh
            modprobe vfio_iommu_type1; modprobe {driver}
            for vf in {self.path(name)}/virtfn*; do
                bind_with {driver} $(basename $(readlink $vf)) || exit 1
            done""")

    def state(self, vf, name="card0"):
        """What a VF is doing."""
        return self.sh(f"cat {self.path(name)}/sriov_admin/vf{vf}/state")

    def wait_for_state(self, vf, state, limit=20, name="card0"):
        """Waits until a VF does this."""
        self.sh(f". lib.sh; wait_for {limit} grep -qx {state} {self.path(name)}/sriov_admin/vf{vf}/state ||"
                f" {{ cat {self.path(name)}/sriov_admin/vf{vf}/state; exit 1; }}")

    def no_guards(self, name="card0"):
        """Lets guests do whatever they like as often as they like."""
        self.sh(f"for f in {self.path(name)}/sriov_admin/guard_*_limit; do echo 0 > $f; done")

    def mark(self):
        """Starts a new chapter of the kernel's log."""
        self._chapter = next(CHAPTERS)
        self.sh(f"echo 'gim test: chapter {self._chapter}' > /dev/kmsg")

    @property
    def _read(self):
        # Only the chapter: a serial line is slow.
        return f"dmesg | sed -n '/gim test: chapter {self._chapter}$/,$p' | sed 1d"

    def wait_for(self, pattern, limit=20):
        """Waits until the kernel has said this since the mark."""
        self.machine.write("/tmp/said", f"{self._read} | grep -q '{pattern}'")
        self.sh(f". lib.sh; wait_for {limit} sh /tmp/said", limit=limit + 60)

    def lines(self, pattern):
        """What the kernel has said since the mark that matches a pattern of grep -Ei."""
        return self.sh(f"{self._read} | grep -Ei '{pattern}' || true").splitlines()

    def said(self):
        """What the driver has said since the mark, without times."""
        log = self.sh(self._read)
        return [re.sub(r"^\[ *[\d.]+\] ", "", line) for line in log.splitlines() if re.match(r"\[ *[\d.]+\] gim", line)]

    def fails(self, number, *texts, spoilt=()):
        """Binds a card, which must fail with these texts in the log and leave the card as it was, but for what the
        fault itself has spoilt."""
        name, card = f"card{number}", self.machine.card(number)
        before = card.json("state")
        self.mark()
        address = self.machine.address(name)
        result = self.machine.run(f"echo {address} > {CONTROL}/bind")
        assert result.status != 0 and not self.bound(name)
        said = "\n".join(line for line in self.said() if address in line)
        for text in texts:
            assert text in said
        after = card.json("state")
        assert {k: v for k, v in after.items() if k not in spoilt} == {
            k: v for k, v in before.items() if k not in spoilt}
        assert self.vfs(name) == 0


class Guests:
    """Guests' drivers on the VFs of one card, or on some of them, played by `vfclient`; it runs as long as the test.
    With `vfio` it reaches them as hypervisors do."""

    def __init__(self, gim, name="card0", vfs=(), vfio=False):
        self.gim, self.machine = gim, gim.machine
        path = "-".join(["/tmp/" + name, *map(str, vfs)])
        self._in, self._out, self._pid = f"{path}.in", f"{path}.out", f"{path}.pid"
        which = " ".join([*(["--vfio"] if vfio else []), gim.machine.address(name), *map(str, vfs)])
        # Both ways are pipes that stay open: whoever waits for an answer sleeps until it comes.
        gim.sh(f"""
            rm -f {self._in} {self._out}; mkfifo {self._in} {self._out}
            sleep 1000000 <> {self._out} & echo $! > {self._in}.keeper
            (./vfclient {which} < {self._in} > {self._out} 2>&1 & echo $! > {self._pid}
                wait $!; echo "end $?" > {self._out}; rm {self._pid}) 2> /dev/null &
            sleep 1000000 > {self._in} & echo $! >> {self._in}.keeper""")

    def send(self, *lines):
        """Sends commands, as `vfclient` takes them."""
        self.machine.sh(f"cat > {self._in}", given="".join(f"{line}\n" for line in lines).encode())

    def answers(self, n, limit=60):
        """The next n answers, each as a list of words: VF, command, result, microseconds and more."""
        script = f"i=0; while [ $i -lt {n} ] && read -r line; do echo \"$line\"; i=$((i + 1)); done"
        lines = self.machine.sh(f"timeout {limit} sh -c '{script}' < {self._out}", limit=limit + 30).splitlines()
        return [line.split() for line in lines]

    def do(self, *lines, limit=60):
        """Sends commands, one answer each, that must all come to "ok"."""
        self.send(*lines)
        answers = self.answers(len(lines), limit)
        assert all(answer[2] == "ok" for answer in answers), answers
        return answers

    def kill(self):
        """Kills the client (SIGKILL), and waits until it has let go of everything."""
        self.machine.sh(f"kill -9 $(cat {self._pid})")
        assert self.answers(1)[0] == ["end", "137"]
        self.machine.sh(f"kill $(cat {self._in}.keeper)")

    def close(self):
        """Ends the client; returns its exit status."""
        # The second is the one that keeps its input open.
        self.machine.sh(f"kill $(tail -n 1 {self._in}.keeper) 2>/dev/null")
        return int(self.answers(1)[0][1])


class Holder:
    """A VF opened through vfio, as for a guest."""

    def __init__(self, gim, vf, name="card0"):
        self.gim = gim
        address = gim.sh(f"basename $(readlink {gim.path(name)}/virtfn{vf - 1})")
        gim.sh(f"""
            modprobe vfio-pci; modprobe vfio_iommu_type1
            echo vfio-pci > /sys/bus/pci/devices/{address}/driver_override
            echo {address} > /sys/bus/pci/drivers_probe
            rm -f /tmp/hold; mkfifo /tmp/hold
            (./vfio-hold {address} < /tmp/hold > /tmp/held 2>&1; rm -f /tmp/holder) &
            echo $! > /tmp/holder
            exec 3> /tmp/hold
            sleep 1000000 >&3 & echo $! > /tmp/keeper
            """)
        gim.sh(". lib.sh; wait_for 10 grep -q open /tmp/held || { cat /tmp/held; exit 1; }")

    def close(self):
        """Ends the holder and waits until it has let go."""
        self.gim.sh(". lib.sh; kill $(cat /tmp/keeper); wait_for 10 test ! -e /tmp/holder")
