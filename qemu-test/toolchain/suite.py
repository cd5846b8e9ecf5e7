# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The stock kernel of another suite of Debian, with the means to build modules for it.

Its compilers are those of the suite, in a small root of their own; tests run in the one root of all, with that kernel.
"""

import kernel
import root
from steps import CACHE, step

FOLDER = CACHE / "suites"

# What gim-dkms depends on, the headers with their compiler, and what looks at modules.
PACKAGES = """
    apt ca-certificates bc bindgen bison flex libc6-dev libelf-dev libssl-dev make rust-src rustc xz-utils
    kmod linux-headers-amd64
""".split()

# Experimental has the kernel that is to come, and nothing else of it is wanted.
EXPERIMENTAL = """\
Package: src:linux src:linux-signed-amd64
Pin: release a=experimental
Pin-Priority: 600
"""


def path(suite):
    """The root of a suite."""
    return FOLDER / f"{suite}-root"


def setup(suite):
    """Makes the root, and fetches the suite's newest kernel: `kdir`, `vmlinuz` and `modules` lead to it."""
    at, made = FOLDER / suite, path(suite)
    suites, preferences = [suite], ""
    if suite == "experimental":
        suites, preferences = ["sid", suite], EXPERIMENTAL
    with step(made.name, f"root of Debian's {suite} in {made}", *suites, *PACKAGES, preferences) as todo:
        if todo:
            root.bootstrap(made, suites[0], PACKAGES, preferences, suites[1:])
    kernel.setup_at(at, f"-{suite}", path=made)
    for name, target in (("vmlinuz", kernel.image(at)), ("modules", kernel.modules(at))):
        (at / name).unlink(missing_ok=True)
        (at / name).symlink_to(target)
