# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Shows figures: as a table for people, and as JSON with flat keys."""

import json
import subprocess

from testbed import kernel
from testbed.paths import PROJECT

from .figures import FIGURES, meets


def _said(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=PROJECT)
    return done.stdout.strip().splitlines()[0] if done.returncode == 0 and done.stdout.strip() else "unknown"


def versions(module):
    """What was measured, and with what."""
    return {"commit": _said("git", "describe", "--always", "--dirty"), "module": module.name,
            "kernel": kernel().release, "qemu": _said("qemu-system-x86_64", "--version"),
            "rustc": _said("rustc", "--version")}


def table(figures):
    """A table of all figures: value, aim and whether it is met, and the C driver's."""
    rows = [f"{'':64} {'here':>12}  {'aim':>10}     C driver"]
    for figure in FIGURES:
        if figure.name not in figures:
            continue
        value = figures[figure.name]
        met = {True: "yes", False: "NO", None: ""}[meets(figure, value)]
        row = f"{figure.what:64} {value:>12.{figure.digits}f}  {figure.aim:>10} {met:3} {figure.c_driver}"
        rows.append(row.rstrip())
    return "\n".join(rows)


def registers(by_register):
    """Accesses by register."""
    rows = []
    for what, counts in by_register.items():
        rows.append(f"\naccesses by register: {what}")
        rows += [f"  {count:10.2f}  {name}" for name, count in sorted(counts.items(), key=lambda c: -c[1])[:12]]
    return "\n".join(rows)


def write(path, figures, about, by_register):
    """Writes JSON: figures and versions as flat keys, accesses by register beside them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    digits = {f.name: max(f.digits, 4) for f in FIGURES}
    flat = {name: round(value, digits.get(name, 4)) for name, value in figures.items()}
    path.write_text(json.dumps({**about, **flat, "accesses_by_register": by_register}, indent=1) + "\n")
