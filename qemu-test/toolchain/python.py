# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The Python environment of the test bed: a venv of the root's own Python, with what `requirements.txt` names."""

from root import PROJECT, enter
from steps import CACHE, stamp_of, step

VENV = CACHE / "venv"
REQUIREMENTS = PROJECT / "qemu-test" / "requirements.txt"

MAKE = r"""
set -e
rm -rf "$1"
python3 -m venv "$1"
"$1/bin/pip" install --quiet --no-input -r "$2"
"""


def setup():
    """Makes the environment anew when the root's Python or the requirements changed."""
    with step("python", f"Python environment in {VENV}", stamp_of("root"), REQUIREMENTS, MAKE) as todo:
        if todo:
            enter(["sh", "-c", MAKE, "sh", str(VENV), str(REQUIREMENTS)], "python",
                  "the Python packages could not be installed: check that PyPI can be reached")
