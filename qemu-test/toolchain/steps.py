# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Steps of the set-up: each says what it does and how long it took, and is skipped when its inputs are unchanged."""

import contextlib
import hashlib
import os
import pathlib
import subprocess
import sys
import time

CACHE = pathlib.Path(os.environ.get("GIM_CACHE", pathlib.Path.home() / ".cache" / "gim")).resolve()


class Failure(Exception):
    """A step that cannot be done; the text is one sentence that says what to install or do."""


def digest(*inputs):
    """A short hash of strings and of the contents of files."""
    h = hashlib.sha256()
    for i in inputs:
        h.update(i.read_bytes() if isinstance(i, pathlib.Path) else str(i).encode())
        h.update(b"\0")
    return h.hexdigest()[:16]


@contextlib.contextmanager
def step(name, what, *inputs):
    """Yields True when the step `name` has to be done, False when it was done with the same inputs before.

    The stamp is written only when the body ends without an exception, so that a step that was cut off is done again.
    """
    stamp = CACHE / "stamps" / name
    want = digest(*inputs)
    if stamp.exists() and stamp.read_text().strip() == want:
        yield False
        return
    print(f"[{name}] {what} ...", flush=True)
    start = time.monotonic()
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    yield True
    stamp.write_text(want + "\n")
    print(f"[{name}] done in {time.monotonic() - start:.0f} s", flush=True)


def stamp_of(name):
    """What a later step names as its input when it builds on the step `name`."""
    return (CACHE / "stamps" / name).read_text()


def run(argv, log, advice, given=b"", **kw):
    """Runs a command with its output in the cache's `logs/`; a failure shows the end of it and gives `advice`.
    given: its standard input."""
    path = CACHE / "logs" / f"{log}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as out:
        try:
            rc = subprocess.run(argv, input=given, stdout=out, stderr=subprocess.STDOUT, check=False, **kw).returncode
        except FileNotFoundError as e:
            raise Failure(f"{argv[0]} is not on this machine: {advice}.") from e
    if rc:
        tail = path.read_text(errors="replace").splitlines()[-15:]
        print("\n".join(f"    {line}" for line in tail), file=sys.stderr)
        raise Failure(f"{advice} (log: {path}).")
