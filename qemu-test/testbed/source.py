# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Files of a kernel's source, unpacked when they are wanted, and modules rebuilt from them.

The kernel is the stock one, or that of another suite of Debian, which the tool chain has set up.
"""

import hashlib
import shutil
import subprocess
import tempfile

from .paths import BUILD, SetupError, kernel_source, stock_kernel_tree, toolchain

KEPT = BUILD / "source"


def unpack(*patterns, suite=None):
    """A folder with the files of the kernel's source that match the patterns, relative to its top. It is kept: copy
    what is to be changed."""
    archive = kernel_source(suite)
    key = hashlib.sha256(f"{archive} {archive.stat().st_mtime_ns} {sorted(patterns)}".encode()).hexdigest()[:16]
    out = KEPT / key
    if not out.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        # Whole or not at all: others may want it at the same time.
        with tempfile.TemporaryDirectory(dir=KEPT) as scratch:
            done = subprocess.run(["tar", "-xf", str(archive), "-C", scratch, "--strip-components=1", "--wildcards",
                                   *(f"*/{pattern}" for pattern in patterns)], capture_output=True, text=True,
                                  check=False)
            if done.returncode:
                raise SetupError(f"{archive} cannot be unpacked:\n{done.stderr.strip()}")
            shutil.copytree(scratch, out)
    return out


def build_modules(folder, out, suite=None):
    """Builds the modules of a folder of the kernel's source for that kernel, with its suite's compilers; they are in
    `out` then. Both folders are in the checkout."""
    out.mkdir(parents=True, exist_ok=True)
    tree = toolchain("suite").FOLDER / suite / "kdir" if suite else stock_kernel_tree()
    argv = ["make", "-s", "-C", str(tree), f"M={folder}", f"MO={out}", "modules"]
    if suite:
        argv = toolchain("root").command(argv, path=toolchain("suite").path(suite))[1]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SetupError(f"{folder} cannot be built:\n{done.stderr.strip()[-3000:]}")
