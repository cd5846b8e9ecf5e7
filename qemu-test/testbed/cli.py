# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The command line of `qemu-test/vm`. It is read twice: outside of the tool chain's root, to enter that with the files
that it names, and inside, to run. So nothing is imported here that only the root has."""

import argparse
import os
import pathlib
import sys

PROJECT = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("GIM_CACHE", pathlib.Path.home() / ".cache" / "gim")).resolve()
# Exit statuses for what is not the script's own.
TIMED_OUT, CRASHED, NOT_SET_UP = 124, 125, 126

EPILOG = """\
Exit status of `run`: that of SCRIPT; 124 if it did not end in time, 125 if the guest crashed, 126 if something that the
machine needs is missing. Files go to /job in the guest, which is where SCRIPT runs. The guest has busybox, kmod,
lspci and setpci. Logs are in build/logs/vm.

  qemu-test/vm run --cards 1 --module gim.ko script.sh
  echo 'modprobe igb && ip link' | qemu-test/vm run --device igb --with igb -
  qemu-test/vm shell --cards 2 --module gim.ko --with vfio-pci
"""


def _named(text):
    """A path as the user named it, made absolute."""
    return pathlib.Path(os.path.normpath(os.path.join(os.environ.get("GIM_CWD", os.getcwd()), text)))


def _outside(path):
    """Whether a path is not in the root as it is."""
    return not any(path.is_relative_to(p) for p in (PROJECT, CACHE))


def here(text):
    """Where a path that the user named is, as seen from here."""
    path = _named(text)
    return pathlib.Path(f"/tmp/host{path}") if "GIM_CWD" in os.environ and _outside(path) else path


def file_pair(text):
    """HOSTPATH[:GUESTPATH] as a pair."""
    source, _, target = text.partition(":")
    return source, target or pathlib.PurePath(_named(source)).name


def parser():
    """The options."""
    p = argparse.ArgumentParser(prog="qemu-test/vm", epilog=EPILOG,
                                formatter_class=argparse.RawDescriptionHelpFormatter,
                                description="Boots a virtual machine with emulated cards and other devices.")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--cards", type=int, default=0, metavar="N", help="emulated S7150 cards (default: none)")
    common.add_argument("--device", action="append", default=[], metavar="DRIVER[,OPTION=VALUE...]",
                        help="a device as for QEMU's -device, behind a root port of its own: s7150, igb, nvme ...")
    common.add_argument("--kernel", metavar="IMAGE", help="a kernel image (default: Debian's stock kernel)")
    common.add_argument("--modules", metavar="DIR", help="its modules: a folder with modules.dep")
    common.add_argument("--module", action="append", default=[], metavar="FILE.ko",
                        help="a module's file, copied to /job with what it depends on at hand; SCRIPT loads it")
    common.add_argument("--with", action="append", default=[], metavar="MODULE", dest="available",
                        help="a module of the kernel to have at hand for modprobe")
    common.add_argument("--file", action="append", default=[], metavar="HOSTPATH[:GUESTPATH]", type=file_pair,
                        help="a file or folder to copy in; GUESTPATH is relative to /job")
    common.add_argument("--append", action="append", default=[], metavar="ARGUMENTS",
                        help="for the kernel's command line")
    common.add_argument("--memory", default="2G", metavar="SIZE", help="of the guest (default: %(default)s)")
    common.add_argument("--cpus", type=int, default=2, metavar="N", help="of the guest (default: %(default)s)")
    common.add_argument("--qemu-arg", action="append", default=[], metavar="ARGUMENT",
                        help="for QEMU as it is; write --qemu-arg=-s for one that begins with a hyphen")
    sub = p.add_subparsers(dest="command", required=True)
    run = sub.add_parser("run", parents=[common], help="run a script in a guest", epilog=EPILOG,
                         formatter_class=argparse.RawDescriptionHelpFormatter)
    run.add_argument("--timeout", type=float, default=600, metavar="S",
                     help="limit for SCRIPT, without the boot (default: %(default)s s)")
    run.add_argument("--strict", action="store_true",
                     help="warnings in the kernel's log and mistakes of the driver make the status 1")
    run.add_argument("--console", action="store_true", help="show the guest's console on standard error")
    run.add_argument("--log", metavar="DIR", help="the folder for logs (default: build/logs/vm)")
    run.add_argument("script", metavar="SCRIPT", help="a script, or - for standard input")
    run.add_argument("arguments", nargs=argparse.REMAINDER, metavar="ARGUMENT", help="for SCRIPT")
    sub.add_parser("shell", parents=[common], help="a shell on the guest's console; `exit` ends the machine, and so "
                                                    "does Ctrl-A X; Ctrl-A C is QEMU's monitor")
    return p


def paths(options):
    """The paths that a command line names."""
    named = [options.kernel, options.modules, *options.module, *(source for source, _ in options.file)]
    if options.command == "run":
        named.append(options.script if options.script != "-" else None)
    return [_named(n) for n in named if n]


def enter_root(argv):
    """Runs the same command line in the tool chain's root."""
    options = parser().parse_args(argv)
    wanted = paths(options)
    if options.command == "run" and options.log:
        log = _named(options.log)
        log.mkdir(parents=True, exist_ok=True)
        wanted.append(log)
    missing = [p for p in wanted if not p.exists()]
    if missing:
        print(f"vm: {missing[0]} is not there", file=sys.stderr)
        return NOT_SET_UP
    python = CACHE / "venv" / "bin" / "python"
    # A link to the root's Python, which need not be there outside.
    if not python.is_symlink():
        print("vm: the tool chain is not set up: run `python3 qemu-test/toolchain setup`", file=sys.stderr)
        return NOT_SET_UP
    os.environ["GIM_CWD"] = os.getcwd()
    os.environ["GIM_BIND"] = ":".join(dict.fromkeys(str(p) for p in wanted if _outside(p)))
    os.chdir(PROJECT)
    sys.stdout.flush()
    toolchain, vm = (str(PROJECT / "qemu-test" / name) for name in ("toolchain", "vm"))
    return os.execv(sys.executable, [sys.executable, toolchain, "enter", str(python), vm, *argv])
