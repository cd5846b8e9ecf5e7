# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Programs of `qemu-test/guest/programs`, compiled for the guest; each may use what is in `lib` there."""

import pathlib
import subprocess
import tempfile

from .paths import BUILD, GUEST, SetupError

SOURCES = GUEST / "programs"
OUT = BUILD / "programs"
# Static, as the guest has few libraries.
FLAGS = ["-static", "-O2", "-Wall", "-Wextra", "-Werror"]


def program(name):
    """The path of a compiled program, for `Machine(files={name: program(name)})`; made anew when its source changed."""
    source, out = SOURCES / f"{name}.c", OUT / name
    library = sorted((SOURCES / "lib").iterdir())
    if not out.exists() or out.stat().st_mtime < max(path.stat().st_mtime for path in (source, *library)):
        OUT.mkdir(parents=True, exist_ok=True)
        # Whole or not at all: others may want it at the same time.
        with tempfile.TemporaryDirectory(dir=OUT) as scratch:
            new = pathlib.Path(scratch) / name
            parts = [str(path) for path in (source, *library) if path.suffix == ".c"]
            done = subprocess.run(["gcc-14", *FLAGS, "-o", str(new), *parts], capture_output=True, text=True,
                                  check=False)
            if done.returncode:
                raise SetupError(f"{source} cannot be compiled:\n{done.stderr.strip()}")
            new.rename(out)
    return out
