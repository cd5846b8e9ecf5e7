# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Keeps what takes long to make and is the same for many boots."""

import os
import tempfile
import time

from .paths import SCRATCH

DAY = 24 * 3600


def kept(name, key, make):
    """The file of something that is made once for each key; what was not used for a day goes away."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    path = SCRATCH / f"{name}-{key}"
    if path.exists():
        path.touch()
        return path
    data = make()
    for old in SCRATCH.iterdir():
        if old.stat().st_mtime < time.time() - DAY:
            old.unlink(missing_ok=True)
    with tempfile.NamedTemporaryFile(dir=SCRATCH, delete=False) as out:
        out.write(data)
    # Whole or not at all, as another run may make the same at the same time.
    os.rename(out.name, path)
    return path
