# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""A virtual machine in the virtual machine: stock QEMU inside the guest, with one VF passed through, and a tiny guest
of its own that plays a driver on it. An emulated CPU emulates one: slow, but all that a hypervisor does is there."""

import pathlib
import shlex
import shutil

from .bootable import bootable
from .cpio import Archive
from .initramfs import with_libraries
from .paths import BUILD, SetupError, kernel
from .programs import program

QEMU = pathlib.Path("/usr/bin/qemu-system-x86_64")
BUSYBOX = pathlib.Path("/usr/bin/busybox")
# What QEMU loads itself for a machine without anything.
FIRMWARE = [pathlib.Path(path) for path in (
    "/usr/share/seabios/bios-256k.bin", "/usr/share/qemu/kvmvapic.bin", "/usr/share/qemu/pvh.bin")]
FOLDER = "/job/nested"
# The console's last line says how the client has ended. Then the machine stays until it is destroyed, or goes by itself
# if its command line says so.
INIT = """\
#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc; $b mount -t sysfs sysfs /sys; $b mount -t devtmpfs dev /dev
vf=$($b grep -l 0x692f /sys/bus/pci/devices/*/device)
vf=${vf%/device}
echo 1 > $vf/enable
/vfclient --alone ${vf##*/} < /commands
echo "client ended with $?"
$b grep -q keep /proc/cmdline && $b sleep 1000000
$b poweroff -f
"""


def guests(**commands):
    """A function that makes what the machine around must have as its folder `nested`: QEMU with its libraries, and
    guests with these names and lists of commands for `vfclient`."""
    return lambda: _make(commands)


def _make(guests):
    for path in (QEMU, BUSYBOX, *FIRMWARE):
        if not path.exists():
            raise SetupError(f"{path} is not here: run this in the root of the tool chain, as qemu-test/README.md says")
    out = BUILD / "nested"
    shutil.rmtree(out, ignore_errors=True)
    for folder in ("lib", "firmware"):
        (out / folder).mkdir(parents=True)
    shutil.copy(bootable(kernel().image), out / "kernel")
    for path in FIRMWARE:
        shutil.copy(path, out / "firmware")
    for path in with_libraries(QEMU).values():
        shutil.copy(path, out / "lib")
    for name, commands in guests.items():
        archive = Archive()
        for folder in ("dev", "proc", "sys"):
            archive.folder(folder)
        archive.file("init", INIT.encode(), 0o755)
        archive.copy("bin/busybox", BUSYBOX)
        archive.copy("vfclient", program("vfclient"))
        archive.file("commands", "".join(f"1 {command}\n" for command in commands).encode())
        (out / f"{name}.initramfs").write_bytes(archive.bytes())
    return out


def start(machine, name, address, keep=False):
    """Starts a guest with the VF at this address of the machine; `wait` tells when its client has ended."""
    append = f"console=ttyS0 no_timer_check nokaslr mitigations=off panic=-1 {'keep' if keep else ''}"
    argv = ["env", f"LD_LIBRARY_PATH={FOLDER}/lib", f"{FOLDER}/lib/{QEMU.name}", "-L", f"{FOLDER}/firmware",
            "-machine", "q35", "-accel", "tcg", "-cpu", "qemu64", "-m", "256M", "-nodefaults", "-display", "none",
            "-no-reboot", "-serial", f"file:/tmp/{name}.console", "-kernel", f"{FOLDER}/kernel",
            "-initrd", f"{FOLDER}/{name}.initramfs", "-append", append,
            "-device", "pcie-root-port,id=port1,chassis=1", "-device", f"vfio-pci,host={address},bus=port1"]
    machine.sh(f"""
        rm -f /tmp/{name}.*
        ({shlex.join(argv)} > /tmp/{name}.qemu 2>&1 & echo $! > /tmp/{name}.pid
            wait $!; echo "ended with $?" > /tmp/{name}.end) 2> /dev/null &""")


def wait(machine, name, limit):
    """Waits until the guest's client has ended; returns what it said, as lists of words."""
    machine.sh(f"""
        . lib.sh
        wait_for {limit} sh -c "grep -q 'client ended' /tmp/{name}.console || test -e /tmp/{name}.end"
        cat /tmp/{name}.qemu; tail -n 40 /tmp/{name}.console | tr -d '\\r' > /tmp/{name}.said
        grep 'client ended' /tmp/{name}.said || {{ cat /tmp/{name}.said; exit 1; }}""", limit=limit * 2)
    return [line.split() for line in machine.sh(f"grep '^1 ' /tmp/{name}.said").splitlines()]


def destroy(machine, name):
    """Kills the machine, as `virsh destroy` does if it must."""
    machine.sh(f". lib.sh; kill -9 $(cat /tmp/{name}.pid); wait_for 20 test -e /tmp/{name}.end")
