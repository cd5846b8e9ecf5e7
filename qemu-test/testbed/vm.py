# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""What `qemu-test/vm` does inside the tool chain's root."""

import pathlib
import shlex
import subprocess
import sys
import tempfile

from . import paths
from .check import Checker
from .cli import CRASHED, NOT_SET_UP, TIMED_OUT, here, parser
from .errors import GuestError, GuestTimeout
from .machine import Machine


def _machine(options, **more):
    files = {target: here(source) for source, target in options.file}
    files.update(more.pop("files", {}))
    kernel = paths.kernel(options.kernel and here(options.kernel), options.modules and here(options.modules))
    devices = ["s7150"] * options.cards + options.device
    append = " ".join([*options.append, *more.pop("append", [])])
    return Machine(devices=devices, modules=options.available, module_files=[here(m) for m in options.module],
                   files=files, kernel=kernel, append=append, memory=options.memory, cpus=options.cpus,
                   qemu_args=options.qemu_arg, **more)


def _say(text):
    sys.stdout.flush()
    print(f"vm: {text}", file=sys.stderr, flush=True)


def _write(stream):
    def write(data):
        stream.buffer.write(data)
        stream.flush()
    return write


def run(options):
    """Runs a script in a guest; returns the exit status."""
    if options.script == "-":
        name, data = "script", sys.stdin.buffer.read()
    else:
        source = here(options.script)
        name, data = source.name, source.read_bytes()
    command = shlex.join([*([] if data.startswith(b"#!") else ["sh"]), f"./{name}", *options.arguments])
    log = here(options.log) if options.log else paths.LOGS / "vm"
    machine = _machine(options, files={name: data}, log=log, echo=_write(sys.stderr) if options.console else None)
    with machine:
        status = machine.run(command, options.timeout, live=_write(sys.stdout)).status
        problems = Checker(machine).problems()
    if problems:
        _say("problems:\n" + "\n".join(problems))
    return status or (1 if problems and options.strict else 0)


def shell(options):
    """Boots with the console on this terminal."""
    machine = _machine(options, append=["testbed=shell"])
    with tempfile.TemporaryDirectory() as scratch:
        initrd = pathlib.Path(scratch) / "initramfs"
        machine.write_initramfs(initrd)
        own = ["-chardev", "stdio,id=console,mux=on,signal=off", "-serial", "chardev:console", "-mon",
               "chardev=console,mode=readline", "-serial", "null"]
        return subprocess.call(machine.command_line(initrd, own))


def main(argv):
    """Runs a command line; returns the exit status."""
    options = parser().parse_args(argv)
    try:
        return run(options) if options.command == "run" else shell(options)
    except GuestTimeout as e:
        _say(e)
        return TIMED_OUT
    except GuestError as e:
        _say(e)
        return CRASHED
    except paths.SetupError as e:
        _say(e)
        return NOT_SET_UP
    except KeyboardInterrupt:
        return 130
