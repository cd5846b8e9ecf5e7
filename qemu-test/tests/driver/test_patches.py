# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The patches for the kernel: style, that they apply, that they are needed or not, and that they help."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

from testbed import program
from testbed.paths import BUILD, PROJECT
from testbed.source import build_modules, unpack

PATCHES = PROJECT / "patches"
SERIES = sorted(path.name for path in PATCHES.iterdir() if path.is_dir())
# What the kernels of tests need: both files are the same in 7.2 and 7.3.
NEWEST_SERIES = "7.2"
# Whose kernel it is, if not the stock one.
SUITE = os.environ.get("GIM_SUITE")
VFIO = "drivers/vfio/pci"
COMMAND, IO_AND_MEMORY, MEMORY = 4, 3, 2
pytestmark = pytest.mark.slow


def patches(series):
    return sorted((PATCHES / series).glob("*.patch"))


def git(folder, *argv):
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    return subprocess.run(["git", *identity, *argv], cwd=folder, capture_output=True, text=True, check=True).stdout


def tree(folder, files):
    """A repository with these files; returns its folder."""
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(data)
    git(folder, "init", "-q", ".")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "base")
    return folder


def patched_files(series):
    return {name for patch in patches(series) for name in re.findall(r"^--- a/(\S+)$", patch.read_text(), re.MULTILINE)}


def before(series):
    """What the patches say of the files they change: the lines that must be there."""
    files = {}
    for patch in patches(series):
        name = None
        for line in patch.read_text().splitlines():
            if line.startswith("--- a/"):
                name = line[6:]
            elif name and line[:1] in (" ", "-") and not line.startswith(("--- ", "-- ")):
                files[name] = files.get(name, "") + line[1:] + "\n"
    return files


@pytest.mark.parametrize("series", SERIES)
def test_checkpatch_finds_nothing(series):
    source = unpack("scripts/checkpatch.pl", "scripts/spelling.txt", "scripts/const_structs.checkpatch")
    done = subprocess.run(["perl", str(source / "scripts" / "checkpatch.pl"), "--strict", "--no-tree",
                           *map(str, patches(series))], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("total: 0 errors, 0 warnings, 0 checks") == len(patches(series)), done.stdout


@pytest.mark.parametrize("series", SERIES)
def test_each_series_is_one_for_git_am(series, tmp_path):
    """On the source of its kernel if GIM_LINUX_4_4 and so on name its folder, else on the lines that it changes."""
    source = os.environ.get(f"GIM_LINUX_{series.replace('.', '_')}")
    files = {name: (pathlib.Path(source) / name).read_text() for name in patched_files(series)} if source else (
        before(series))
    repository = tree(tmp_path, files)
    git(repository, "am", *map(str, patches(series)))
    assert len(git(repository, "log", "--format=%s").splitlines()) == 1 + len(patches(series))


@pytest.fixture(scope="module")
def patched():
    """vfio-pci-core of the kernel with the patch."""
    if "GIM_KERNEL" in os.environ and not SUITE:
        pytest.skip("a kernel of one's own has no source here")
    scratch = BUILD / "patched" / (SUITE or "stock")
    shutil.rmtree(scratch, ignore_errors=True)
    work, out = scratch / "linux", scratch / "modules"
    shutil.copytree(unpack(f"{VFIO}/*", suite=SUITE), work)
    git(work, "init", "-q", ".")
    git(work, "add", "-A")
    git(work, "commit", "-qm", "base")
    git(work, "am", *map(str, patches(NEWEST_SERIES)))
    build_modules(work / VFIO, out, SUITE)
    module = out / "vfio-pci-core.ko"
    # It goes to the guest through a serial port.
    subprocess.run(["strip", "--strip-debug", str(module)], check=True)
    return module


def sees_io_enable(machine):
    """Whether a guest reads back the bit for I/O that it wrote; the one for memory it always does."""
    machine.sh(f"""
        . lib.sh
        modprobe vfio_iommu_type1; modprobe vfio-pci; modprobe pci-pf-stub
        bind_with pci-pf-stub {machine.address("card0")} || exit 1
        cd /sys/bus/pci/devices/{machine.address("card0")}
        [ "$(cat sriov_numvfs)" != 0 ] || echo 1 > sriov_numvfs
        bind_with vfio-pci $(basename $(readlink virtfn0))""")
    said = machine.sh(f"printf '1 config {COMMAND}={IO_AND_MEMORY}\\n1 config {COMMAND}\\n' |"
                      f" ./vfclient --vfio {machine.address('card0')} 1").splitlines()
    seen = int(said[1].split()[4], 16) & IO_AND_MEMORY
    assert seen & MEMORY
    return seen == IO_AND_MEMORY


# Without gim, which is built for one kernel only: the PCI core's own driver for PFs enables the VFs. It knows nothing
# of the card's strap.
@pytest.mark.allow_driver_errors
@pytest.mark.machine(cards=1, modules=("pci-pf-stub", "vfio-pci", "vfio_iommu_type1"), warp=True,
                     files={"vfclient": program("vfclient")})
class TestOnAnyKernel:
    def test_sriov_works_on_a_legacy_endpoint(self, machine):
        """Device/port type 1 in the PCI Express capability, and a kernel without a patch."""
        address = machine.address("card0")
        assert int(machine.sh(f"setpci -s {address} CAP_EXP+2.w"), 16) >> 4 & 0xf == 1
        machine.sh(f"""
            . lib.sh
            modprobe pci-pf-stub; bind_with pci-pf-stub {address} || exit 1
            echo 16 > /sys/bus/pci/devices/{address}/sriov_numvfs""")
        assert machine.sh(f"ls -d /sys/bus/pci/devices/{address}/virtfn* | wc -l") == "16"
        machine.sh(f"echo 0 > /sys/bus/pci/devices/{address}/sriov_numvfs")

    def test_the_stock_vfio_hides_the_io_enable_bit(self, machine):
        assert not sees_io_enable(machine)

    def test_the_patched_vfio_shows_it(self, machine, patched):
        """The same kernel; nothing else is rebuilt."""
        machine.sh("! lsmod | grep -q ^vfio_pci_core || modprobe -r vfio-pci; ! lsmod | grep -q ^vfio_pci_core")
        machine.write("/job/vfio-pci-core.ko", patched.read_bytes())
        machine.load("vfio-pci-core.ko")
        assert sees_io_enable(machine)
