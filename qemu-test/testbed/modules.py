# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Finds kernel modules and what they depend on."""

import pathlib
import subprocess

from .paths import SetupError


def name_of(path):
    """The name of the module in a file, as lsmod shows it."""
    return pathlib.PurePath(path).name.partition(".ko")[0].replace("-", "_")


def depends(path):
    """The names of the modules that a module file needs, as it says itself."""
    out = subprocess.run(["modinfo", "-F", "depends", str(path)], capture_output=True, text=True, check=False)
    if out.returncode:
        raise SetupError(f"{path} is not a kernel module: {out.stderr.strip()}")
    return [name for name in out.stdout.strip().split(",") if name]


def resolve(kernel, names):
    """The files, relative to the modules' folder, of the named modules of a kernel and all that they need."""
    table = {}
    for line in (kernel.modules / "modules.dep").read_text().splitlines():
        path, _, needs = line.partition(":")
        table[name_of(path)] = [path, *needs.split()]
    found = {}
    for name in names:
        wanted = table.get(name.replace("-", "_"))
        if wanted is None:
            raise SetupError(f"kernel {kernel.release} has no module {name}: it is built in, or there is none")
        found.update(dict.fromkeys(wanted))
    return list(found)
