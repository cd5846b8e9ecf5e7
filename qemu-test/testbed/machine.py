# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""A virtual machine: QEMU with its devices, a fresh initramfs, and the ways in (commands, console, QMP)."""

import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

from qemu.qmp import QMPError

from . import devices as device_arguments
from . import initramfs, paths
from .agent import Agent, Late
from .bootable import bootable
from .card import Card
from .console import Console
from .errors import CommandFailed, GuestCrash, GuestTimeout
from .monitor import Monitor

QEMU = "qemu-system-x86_64"
# loglevel=5: warnings come to the console too, as a crash may leave nothing else. oops=panic: nothing is to be learned
# from a kernel that goes on after an oops. The log buffer holds what a long test prints, and our marks in it are not to
# be dropped when there are many (devkmsg). no_timer_check: on a busy host the emulated timer may be so late that the
# booting kernel takes it for broken and panics.
APPEND = "console=ttyS0 no_timer_check loglevel=5 panic=-1 oops=panic log_buf_len=4M printk.devkmsg=on intel_iommu=on"
# Otherwise QEMU's root ports do not say that their link is up, and Linux takes a card for lost whose bus was reset.
NATIVE_HOTPLUG = ("-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off")
# For slow hosts and debug kernels: a factor for every limit.
PATIENCE = float(os.environ.get("GIM_PATIENCE", "1"))
# 1 ns an instruction.
WARP = ("-icount", "shift=0,sleep=off")
# How long to wait for the kernel's own account of what it is stuck in.
AUTOPSY = 3
# How much of a command's output is kept in the log of commands.
LOGGED = 50000


class Machine:
    """A machine that runs inside a `with` block.

    cards: how many cards, or a list of their options ("vfs=8,..."); devices: further devices as in `devices.py`;
    modules: the kernel's modules to have at hand for modprobe; module_files: modules of one's own, which go to the
    working folder (and to modprobe); files: {path in the guest: file or folder here, or bytes, or a function that gives
    one of these}, relative to the working folder; kernel: `testbed.kernel(image, modules)`; warp: one CPU whose clock
    counts its instructions and leaps over idle time, for tests that wait much, or measure; log: the folder for
    console.log, commands.log and so on; echo: a function that gets the console's bytes as they come; limit: for a
    command, in seconds, unless it has its own.
    """

    def __init__(self, cards=0, devices=(), modules=(), module_files=(), files=None, *, kernel=None, append="",
                 memory="2G", cpus=None, warp=False, qemu_args=(), log=None, echo=None, boot_limit=120, limit=60):
        cards = [""] * cards if isinstance(cards, int) else list(cards)
        self.devices = [device_arguments.CARD + (f",{c}" if c else "") for c in cards] + list(devices)
        self.modules, self.module_files, self.files = tuple(modules), tuple(module_files), dict(files or {})
        self.kernel, self.append, self.memory = kernel or paths.kernel(), append, memory
        # QEMU runs one CPU at a time when it counts instructions, and the others are late for their timers.
        self.cpus = cpus or (1 if warp else 2)
        self.qemu_args, self.echo = (*(WARP if warp else ()), *qemu_args), echo
        self.boot_limit, self.limit = boot_limit, limit
        self.log = pathlib.Path(log or paths.LOGS / "machine")
        self._open = contextlib.ExitStack()
        self._process = self._monitor = None
        self._card_ids = []
        self.booted_in = None

    # Life

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def command_line(self, initrd, own=()):
        """The program, its arguments and its environment, with `own` as further arguments."""
        devices, self._card_ids = device_arguments.arguments(self.devices, self.log)
        argv = [QEMU, "-machine", "q35", "-cpu", "max", "-m", self.memory, "-smp", str(self.cpus), "-nodefaults",
                "-display", "none", "-no-reboot", *NATIVE_HOTPLUG, "-device", "intel-iommu,intremap=on", *devices, *own,
                *self.boot_arguments(initrd, f"{APPEND} {self.append}".strip()), *self.qemu_args]
        # The emulated card is for QEMU alone; and should this process die, QEMU dies with it.
        preload = ["env", f"LD_PRELOAD={paths.DEVICE}"] if self._card_ids else []
        return ["setpriv", "--pdeathsig", "KILL", *preload, *argv]

    def boot_arguments(self, initrd, append):
        """QEMU's arguments that say what it starts: the kernel itself, as no firmware is needed for that."""
        return ["-kernel", str(bootable(self.kernel.image)), "-initrd", str(initrd), "-append", append]

    def write_initramfs(self, path):
        """Makes the initramfs of this machine."""
        files = {str(pathlib.PurePosixPath(initramfs.JOB) / k): v for k, v in self.files.items()}
        path.write_bytes(initramfs.make(self.kernel, self.modules, self.module_files, files))

    def start(self):
        """Starts QEMU and waits until the guest runs commands."""
        shutil.rmtree(self.log, ignore_errors=True)
        # It may still be there: a mount point, for one, can only be emptied.
        self.log.mkdir(parents=True, exist_ok=True)
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self):
        if not shutil.which(QEMU):
            raise paths.SetupError(f"{QEMU} is not here: run this in the root of the tool chain, as "
                                   "qemu-test/README.md says")
        begin = time.monotonic()
        scratch = pathlib.Path(self._open.enter_context(tempfile.TemporaryDirectory()))
        self.write_initramfs(scratch / "initramfs")
        ours, theirs = {}, {}
        for name in ("qmp", "console", "agent"):
            ours[name], theirs[name] = socket.socketpair()
            self._open.callback(ours[name].close)
        own = []
        for name, sock in theirs.items():
            own += ["-chardev", f"socket,id={name},fd={sock.fileno()}"]
        own += ["-mon", "chardev=qmp,mode=control", "-serial", "chardev:console", "-serial", "chardev:agent", "-S"]
        argv = self.command_line(scratch / "initramfs", own)
        (self.log / "qemu.log").write_text(" ".join(argv) + "\n")
        self._commands = self._open.enter_context(open(self.log / "commands.log", "w"))
        with open(self.log / "qemu.log", "a") as out:
            # A session of its own: an interrupt from the keyboard is for us, who end QEMU in order.
            self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                                             pass_fds=[s.fileno() for s in theirs.values()], start_new_session=True)
        for sock in theirs.values():
            sock.close()
        self._ended = os.pidfd_open(self._process.pid)
        self._open.callback(os.close, self._ended)
        self.console = Console(ours["console"], self.log / "console.log", self.echo)
        self._open.callback(self.console.close)
        try:
            self._monitor = Monitor(ours["qmp"])
        except (OSError, EOFError, TimeoutError, QMPError):
            self._gone()
        self._open.callback(self._monitor.close)
        self._agent = Agent(ours["agent"], [self.console.fileno(), self._ended], self._gone)
        self.qmp("cont")
        self.wait_booted()
        self.booted_in = time.monotonic() - begin

    def wait_booted(self):
        """Waits until the guest runs commands, for the first time or after it has gone over to another kernel."""
        try:
            self._agent.wait_ready(self.boot_limit * PATIENCE)
        except Late:
            self._late(f"the guest did not boot within {self.boot_limit * PATIENCE:.0f} s")

    @property
    def running(self):
        """Whether QEMU still runs."""
        return self._process is not None and self._process.poll() is None

    def stop(self):
        """Ends QEMU, whatever state the guest is in."""
        self._end()
        self._open.close()

    def _end(self):
        # In order if it can be, so that what QEMU's devices log to files is complete.
        if self.running and self._monitor:
            with contextlib.suppress(OSError, EOFError, TimeoutError, QMPError):
                self.qmp("quit", limit=AUTOPSY)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(AUTOPSY)
        if self.running:
            self._process.kill()
            self._process.wait(10)

    def _gone(self):
        """Raises what is to be said when the guest has ended by itself."""
        console = getattr(self, "console", None)
        if console:
            # With panic=-1 and -no-reboot QEMU ends after the last line of a panic.
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(10)
            self._end()
            console.wait_closed(5)
            panic, tail = console.panic(), console.crash()
        else:
            panic, tail = None, ""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        status = self._process.poll()
        said = (self.log / "qemu.log").read_text(errors="replace").splitlines()[1:]
        what = f"the guest crashed: {panic}" if panic else f"QEMU has ended by itself with status {status}"
        raise GuestCrash("\n".join([what, *said[-10:], f"last lines of {self.log}/console.log:", tail]))

    def _late(self, what, output=b""):
        """Lets the kernel say what it is stuck in, ends the guest, and raises."""
        with contextlib.suppress(OSError, QMPError, TimeoutError):
            # SysRq over the console: the stacks of all CPUs, and of the tasks that are blocked. One at a time, because
            # a second break before the key takes the first one back.
            for key, begin in ((b"l", "sysrq: Show backtrace"), (b"w", "sysrq: Show Blocked")):
                self.qmp("chardev-send-break", id="console", limit=AUTOPSY)
                self.console.send(key)
                if not self.console.wait_for(begin, AUTOPSY):
                    break
                self.console.wait_quiet(0.3, AUTOPSY)
        self._end()
        self.console.wait_closed(5)
        shown = output[-2000:].decode(errors="replace")
        error = GuestTimeout("\n".join([f"{what}; it has been ended", *([f"output so far:\n{shown}"] if shown else []),
                                      f"last lines of {self.log}/console.log:", self.console.tail(60)]))
        error.output = output
        raise error

    # Commands in the guest

    def run(self, script, limit=None, given=b"", live=None):
        """Runs a shell script in the guest's working folder; returns its `Result`.

        given: its standard input; live: a function that gets the output as it comes. A script that does not end within
        the limit (in seconds) ends the machine: GuestTimeout.
        """
        limit = (limit or self.limit) * PATIENCE
        self._commands.write(f"$ {script.strip()}\n")
        self._commands.flush()
        begin = time.monotonic()
        try:
            result = self._agent.run(script, limit, given, live)
        except Late as late:
            self._commands.write(f"{late.output.decode(errors='replace')}\n# no end within {limit:.0f} s\n")
            self._late(f"no end within {limit:.0f} s of: {script.strip()}", late.output)
        shown = result.output[:LOGGED] + ("\n# ... cut" if len(result.output) > LOGGED else "")
        self._commands.write(f"{shown}\n# status {result.status}, {time.monotonic() - begin:.2f} s\n")
        self._commands.flush()
        return result

    def sh(self, script, limit=None, given=b""):
        """Runs a script that must succeed; returns its output without the last line's end."""
        result = self.run(script, limit, given)
        if result.status:
            raise CommandFailed(script, result)
        return result.output.rstrip("\n")

    def load(self, module, parameters="", limit=None):
        """Loads a module, by its name or by its file in the working folder; if the kernel refuses it, the error has
        what the kernel printed meanwhile."""
        return self.sh(f"load {module} {parameters}".strip(), limit)

    def write(self, path, data):
        """Puts a file into the running guest."""
        self.sh(f"cat > '{path}'", given=data if isinstance(data, bytes) else data.encode())

    def read(self, path):
        """Fetches a file's bytes from the guest."""
        result = self.run(f"cat '{path}'")
        if result.status:
            raise CommandFailed(f"cat {path}", result)
        return result.data

    def note(self, text):
        """Writes a line into the logs of the console and of the commands."""
        self.console.note(text)
        self._commands.write(f"== {text}\n")

    # QEMU

    def qmp(self, command, limit=10, **arguments):
        """Runs a QMP command; an underscore in an argument's name stands for a hyphen."""
        return self._monitor.execute(command, limit, **arguments)

    def qom_get(self, path, name):
        """Reads a property of a device."""
        return self.qmp("qom-get", path=path, property=name)

    def qom_set(self, path, name, value):
        """Writes a property of a device."""
        self.qmp("qom-set", path=path, property=name, value=value)

    @property
    def cards(self):
        """The emulated cards."""
        return [Card(self, name) for name in self._card_ids]

    def card(self, number=0):
        """One of the emulated cards, counted from 0."""
        return self.cards[number]

    def address(self, name):
        """The address in the guest, as 0000:01:00.0, of the device with this id."""
        todo = [d for bus in self.qmp("query-pci") for d in bus["devices"]]
        while todo:
            d = todo.pop()
            if d["qdev_id"] == name:
                return f"0000:{d['bus']:02x}:{d['slot']:02x}.{d['function']}"
            todo += d.get("pci_bridge", {}).get("devices", [])
        raise KeyError(name)
