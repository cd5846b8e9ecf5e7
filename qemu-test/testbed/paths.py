# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Where things are: the checkout, what is built in it, and the kernel that guests boot."""

import dataclasses
import importlib
import os
import pathlib
import sys

QEMU_TEST = pathlib.Path(__file__).resolve().parents[1]
PROJECT = QEMU_TEST.parent
BUILD = PROJECT / "build"
GUEST = QEMU_TEST / "guest"
LOGS = BUILD / "logs"
SCRATCH = BUILD / "testbed"

DEVICE = pathlib.Path(os.environ.get("GIM_DEVICE", BUILD / "device" / "s7150.so"))
VBIOS = BUILD / "device" / "vbios.rom"
MODULE = pathlib.Path(os.environ.get("GIM_MODULE", BUILD / "stock" / "gim.ko")).absolute()
VFIO_MODULE = MODULE.with_name("gim-vfio-pci.ko")
GIMCTL = BUILD / "gimctl"


class SetupError(Exception):
    """Something that a machine needs is missing; the text says what to do."""


@dataclasses.dataclass(frozen=True)
class Kernel:
    """A kernel image and the folder that has its modules.dep."""

    image: pathlib.Path
    modules: pathlib.Path

    @property
    def release(self):
        """The release as `uname -r` says it: modules are installed in a folder of that name."""
        return self.modules.name


def toolchain(module):
    """A module of the tool chain."""
    folder = str(QEMU_TEST / "toolchain")
    # Only for this import: the tool chain's qemu.py would hide the package of qemu.qmp.
    sys.path.insert(0, folder)
    try:
        return importlib.import_module(module)
    finally:
        sys.path.remove(folder)


def stock_kernel_tree():
    """The tree to build modules for the stock kernel in."""
    return toolchain("kernel").KDIR


def kernel_source(suite=None):
    """The source of the stock kernel, or of that of another suite of Debian: an archive, as Debian packs it."""
    kernel = toolchain("kernel")
    try:
        return kernel.source(toolchain("suite").FOLDER / suite) if suite else kernel.source()
    except kernel.Failure as e:
        raise SetupError(str(e)) from e


def stock_kernel():
    """Debian's own kernel, which the tool chain has fetched."""
    kernel = toolchain("kernel")
    try:
        return Kernel(kernel.image(), kernel.modules())
    except (OSError, kernel.Failure) as e:
        raise SetupError(f"there is no stock kernel ({e}): run `python3 qemu-test/toolchain setup`") from e


def kernel(image=None, modules=None):
    """The kernel to boot, by its image and its modules' folder: those given here, or in the environment (GIM_KERNEL and
    GIM_KERNEL_MODULES), or Debian's stock kernel."""
    image, modules = image or os.environ.get("GIM_KERNEL"), modules or os.environ.get("GIM_KERNEL_MODULES")
    if not image and not modules:
        return stock_kernel()
    if not image or not modules:
        raise SetupError("a kernel of your own needs both its image and the folder of its modules")
    image, modules = pathlib.Path(image).resolve(), pathlib.Path(modules).resolve()
    if not image.is_file():
        raise SetupError(f"{image} is not a kernel image")
    if not (modules / "modules.dep").is_file():
        raise SetupError(f"{modules} has no modules.dep: give the folder lib/modules/RELEASE of an installed kernel")
    return Kernel(image, modules)
