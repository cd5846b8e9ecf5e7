# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The engine alone, on virtual time: many cards for long (rust/sim)."""

import json
import os
import subprocess

from testbed.paths import BUILD, PROJECT

CARDS, HOURS = 64, 1


def measure(_rig):
    """Figures."""
    done = subprocess.run(["cargo", "run", "--quiet", "--release", "--manifest-path", PROJECT / "rust" / "Cargo.toml",
                           "-p", "gim-sim", "--", "--cards", str(CARDS), "--seconds", str(3600 * HOURS), "--json"],
                          check=False, capture_output=True, text=True,
                          env={"CARGO_TARGET_DIR": str(BUILD / "cargo")} | os.environ)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return {f"simulator_{name}": value for name, value in json.loads(done.stdout).items()}, {}
