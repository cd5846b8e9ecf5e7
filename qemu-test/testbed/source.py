# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Files of the stock kernel's source, unpacked when they are wanted, and modules rebuilt from them."""

import hashlib
import shutil
import subprocess
import tempfile

from .paths import BUILD, SetupError, stock_kernel_source, stock_kernel_tree

KEPT = BUILD / "source"


def unpack(*patterns):
    """A folder with the files of the stock kernel's source that match the patterns, relative to its top. It is kept:
    copy what is to be changed."""
    archive = stock_kernel_source()
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


def build_modules(folder, out):
    """Builds the modules of a folder of the stock kernel's source for the stock kernel; they are in `out` then."""
    out.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["make", "-s", "-C", str(stock_kernel_tree()), f"M={folder}", f"MO={out}", "modules"],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise SetupError(f"{folder} cannot be built:\n{done.stderr.strip()[-3000:]}")
